/** The front door of the bridge, for the page. The half that stands in Node is entered by `server.ts` and `vite-plugin.ts`, from scripts and the build's configuration. */
export { attachBridge, type Bridge, type BridgeState } from './page.ts';
export { callLab } from './lab-calls.ts';
