/** Container logs in the CRI's format: `<RFC 3339 time> <stream> <F|P> <line>`; lines over 16 KiB are cut into partial ones (P). */
import type { Clock, Files } from '#host';

const LINE_BYTES_MAX = 16 * 1024;
/** As the kubelet's containerLogMaxSize: beyond it the file becomes `<name>.1` and a new one begins. */
const FILE_BYTES_MAX = 10 * 1024 * 1024;

/** RFC 3339 with nanoseconds, of which the lab's clock knows the first three digits. */
export function formatLogTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000000Z');
}

/** Takes the bytes of one stream and writes its lines. */
export interface LogStream {
  write(chunk: Uint8Array): void;
  /** Writes what is left without its newline. */
  end(): void;
}

/** The log file of one container. */
export interface ContainerLog {
  stream(name: 'stdout' | 'stderr'): LogStream;
}

/** Opens a log for appending; its directory is made. */
export function openContainerLog(files: Files, clock: Clock, path: string): ContainerLog {
  const directory = path.slice(0, path.lastIndexOf('/'));
  files.makeDirectory(directory, { recursive: true });
  let sizeBytes = files.stat(path)?.sizeBytes ?? 0;
  if (!files.stat(path)) files.write(path, '', { mode: 0o640 });
  const append = (text: string): void => {
    if (sizeBytes > FILE_BYTES_MAX) {
      if (files.stat(`${path}.1`)) files.remove(`${path}.1`);
      files.rename(path, `${path}.1`);
      files.write(path, '', { mode: 0o640 });
      sizeBytes = 0;
    }
    files.append(path, text);
    sizeBytes += text.length;
  };
  return {
    stream(name) {
      const decoder = new TextDecoder();
      let rest = '';
      const entry = (tag: 'F' | 'P', line: string): string => `${formatLogTime(clock.wallMs())} ${name} ${tag} ${line}\n`;
      const cut = (line: string): string => {
        let text = '';
        while (line.length > LINE_BYTES_MAX) {
          text += entry('P', line.slice(0, LINE_BYTES_MAX));
          line = line.slice(LINE_BYTES_MAX);
        }
        return text + entry('F', line);
      };
      return {
        write(chunk) {
          rest += decoder.decode(chunk, { stream: true });
          const lines = rest.split('\n');
          rest = lines.pop()!;
          let text = lines.map(cut).join('');
          while (rest.length > LINE_BYTES_MAX) {
            text += entry('P', rest.slice(0, LINE_BYTES_MAX));
            rest = rest.slice(LINE_BYTES_MAX);
          }
          if (text) append(text);
        },
        end() {
          if (rest) append(cut(rest));
          rest = '';
        },
      };
    },
  };
}
