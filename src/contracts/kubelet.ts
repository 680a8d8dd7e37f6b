/**
 * The kubelet's own API on 10250, served to the API server (client certificate kube-apiserver-kubelet-client). Types only.
 * GET /healthz, /pods, /containerLogs/{namespace}/{pod}/{container}?follow&tailLines&sinceSeconds&sinceTime&timestamps&previous&limitBytes&tailLines,
 * POST /exec/{namespace}/{pod}/{container}?command=…&stdin&stdout&stderr&tty, /attach/…, /portForward/{namespace}/{pod}, GET /stats/summary, /metrics, /metrics/resource.
 */

/**
 * Exec, attach and port-forward answer 101 and then carry messages of one channel byte and payload, as Kubernetes' WebSocket
 * protocol v5.channel.k8s.io: 0 stdin, 1 stdout, 2 stderr, 3 error (a v1.Status at the end), 4 resize ({"Width":…,"Height":…}), 255 close of a channel.
 */
export type ChannelByte = 0 | 1 | 2 | 3 | 4 | 255;
