/** Scripts without characters beyond ASCII: an engine keeps a script with a wide one in two bytes a character, once in every worker. */

/** The same script with each such character written as an escape. It must not stand in a String.raw template, whose escapes are none. */
export const inAscii = (code) => code.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Writes a build's scripts so. */
export function scriptsInAscii() {
  return {
    name: 'scripts-in-ascii',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk') chunk.code = inAscii(chunk.code);
    },
  };
}
