// The front door of client: what every component and tool uses to speak to the API server (client-go).
export * from './kubeconfig.ts';
export * from './resource.ts';
export * from './request-error.ts';
export * from './rest-client.ts';
export { statusErrorOf } from './server-response.ts';
export * from './watch-stream.ts';
export * from './back-off.ts';
export * from './store.ts';
export * from './reflector.ts';
export * from './informer.ts';
export * from './work-queue.ts';
export {
  eventRecorder,
  referenceOf,
  seriesEventRecorder,
  type EventRecorder,
  type EventRecorderOptions,
  type EventSubject,
  type EventType,
  type SeriesEventRecorder,
} from './event-recorder.ts';
export { leaderElect, planLease, type LeaderElectionOptions } from './leader-election.ts';
export * from './controller.ts';
export * from './component-server.ts';
export * from './scheduling-requirements.ts';
export * from './klog.ts';
export * from './component.ts';
export * from './discovery.ts';
export * from './signals.ts';
export { readYaml, writeYaml } from './yaml.ts';
