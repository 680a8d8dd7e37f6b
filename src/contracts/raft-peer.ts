/** The wire of etcd's peer port (2380). Types only. Streaming method `Raft/Message` carries Raft messages one way; `Raft/Members` tells the cluster's members. */

/** One batch of Raft messages, in order. A receiver that is not `to`, or of another cluster, refuses it. */
export interface PeerEnvelope {
  readonly clusterId: string;
  readonly from: string;
  readonly to: string;
  /** In the first envelope of a stream: where the sender is reached, for a receiver whose log does not tell it yet. */
  readonly peerUrls?: readonly string[];
  /** Messages of `#raft` as plain data. */
  readonly messages: readonly unknown[];
}
