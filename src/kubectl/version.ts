/** The version kubectl says it is. */

/** Version facts of this client, as `kubectl version --client -o json` prints them. */
export const clientVersion = Object.freeze({
  gitVersion: 'v1.33.1',
  kustomizeVersion: 'v5.6.0',
  info: Object.freeze({
    major: '1',
    minor: '33',
    gitVersion: 'v1.33.1',
    gitCommit: '8adc0f041b8e7ad1d30e29cc59c6ae7a15e19828',
    gitTreeState: 'clean',
    buildDate: '2025-05-15T08:27:33Z',
    goVersion: 'go1.24.2',
    compiler: 'gc',
    platform: 'linux/amd64',
  }),
  userAgent: 'kubectl/v1.33.1 (linux/amd64) kubernetes/8adc0f0',
});
