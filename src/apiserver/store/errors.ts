/** How failures of etcd show at the API: unknown errors are 500 with etcd's own text, as the real server passes them on. */
import { failure, StatusError } from '#apimachinery';

/** etcd refused because a revision is compacted away. */
export function isCompacted(error: unknown): boolean {
  return error instanceof Error && error.message.includes('required revision has been compacted');
}

/** The API error for whatever a call of etcd rejected with. */
export function storageError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return failure(500, '', error instanceof Error ? error.message : String(error));
}
