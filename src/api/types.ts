// The TypeScript types of the kinds, from the published models of Kubernetes 1.33, with our ObjectMeta.
import type { KubeObject, ObjectMeta } from '#apimachinery';
import type * as core from 'kubernetes-models/v1';
import type * as apps from 'kubernetes-models/apps/v1';
import type * as batch from 'kubernetes-models/batch/v1';
import type * as rbac from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import type * as coordination from 'kubernetes-models/coordination.k8s.io/v1';
import type * as discovery from 'kubernetes-models/discovery.k8s.io/v1';
import type * as events from 'kubernetes-models/events.k8s.io/v1';
import type * as scheduling from 'kubernetes-models/scheduling.k8s.io/v1';
import type * as networking from 'kubernetes-models/networking.k8s.io/v1';
import type * as policy from 'kubernetes-models/policy/v1';
import type * as admission from 'kubernetes-models/admissionregistration.k8s.io/v1';
import type * as extensions from 'kubernetes-models/apiextensions.k8s.io/v1';
import type * as aggregation from 'kubernetes-models/apiregistration.k8s.io/v1';
import type * as autoscalingV1 from 'kubernetes-models/autoscaling/v1';
import type * as autoscalingV2 from 'kubernetes-models/autoscaling/v2';
import type * as certificates from 'kubernetes-models/certificates.k8s.io/v1';
import type * as flowcontrol from 'kubernetes-models/flowcontrol.apiserver.k8s.io/v1';
import type * as nodeApi from 'kubernetes-models/node.k8s.io/v1';
import type * as storage from 'kubernetes-models/storage.k8s.io/v1';

/** A published model as a KubeObject: metadata is always there and ours. */
export type ObjectOf<T> = Omit<T, 'metadata'> & KubeObject & { metadata: ObjectMeta };

/** A name space for objects. */
export type Namespace = ObjectOf<core.INamespace>;
/** A machine that runs pods. */
export type Node = ObjectOf<core.INode>;
/** What is wanted of a node. */
export type NodeSpec = NonNullable<core.INode['spec']>;
/** What a node reports. */
export type NodeStatus = NonNullable<core.INode['status']>;
/** One condition of a node. */
export type NodeCondition = core.INodeCondition;
/** Keeps pods without a toleration off a node. */
export type Taint = core.ITaint;
/** Lets a pod stay on tainted nodes. */
export type Toleration = core.IToleration;
/** Containers that live together on a node. */
export type Pod = ObjectOf<core.IPod>;
/** What is wanted of a pod. */
export type PodSpec = core.IPodSpec;
/** What is known of a pod. */
export type PodStatus = core.IPodStatus;
/** One condition of a pod. */
export type PodCondition = core.IPodCondition;
/** The pods a workload makes. */
export type PodTemplateSpec = core.IPodTemplateSpec;
/** One container of a pod. */
export type Container = core.IContainer;
/** A container added for debugging. */
export type EphemeralContainer = core.IEphemeralContainer;
/** What is known of a container. */
export type ContainerStatus = core.IContainerStatus;
/** Waiting, running or terminated. */
export type ContainerState = core.IContainerState;
/** A port a container names. */
export type ContainerPort = core.IContainerPort;
/** An environment variable of a container. */
export type EnvVar = core.IEnvVar;
/** A health check of a container. */
export type Probe = core.IProbe;
/** What is done after start or before stop. */
export type LifecycleHandler = core.ILifecycleHandler;
/** Storage of a pod. */
export type Volume = core.IVolume;
/** Where a container sees a volume. */
export type VolumeMount = core.IVolumeMount;
/** Security settings of a container. */
export type SecurityContext = core.ISecurityContext;
/** Security settings of a pod. */
export type PodSecurityContext = core.IPodSecurityContext;
/** Requests and limits. */
export type ResourceRequirements = core.IResourceRequirements;
/** Where a pod wants to be. */
export type Affinity = core.IAffinity;
/** Terms of which one must fit a node. */
export type NodeSelector = core.INodeSelector;
/** Requirements that must all fit a node. */
export type NodeSelectorTerm = core.INodeSelectorTerm;
/** Points to an object. */
export type ObjectReference = core.IObjectReference;
/** A stable address in front of pods. */
export type Service = ObjectOf<core.IService>;
/** A port of a service. */
export type ServicePort = core.IServicePort;
/** What is wanted of a service. */
export type ServiceSpec = NonNullable<core.IService['spec']>;
/** The older list of addresses behind a service. */
export type Endpoints = ObjectOf<core.IEndpoints>;
/** Configuration by key. */
export type ConfigMap = ObjectOf<core.IConfigMap>;
/** Confidential data by key, base64. */
export type Secret = ObjectOf<core.ISecret>;
/** The identity of pods. */
export type ServiceAccount = ObjectOf<core.IServiceAccount>;
/** What a component tells about an object (v1). */
export type Event = ObjectOf<core.IEvent>;
/** Ties a pod to a node. */
export type Binding = ObjectOf<core.IBinding>;
/** A small lock with a holder. */
export type Lease = ObjectOf<coordination.ILease>;
/** Addresses behind a service. */
export type EndpointSlice = ObjectOf<discovery.IEndpointSlice>;
/** One address of an EndpointSlice. */
export type Endpoint = discovery.IEndpoint;
/** An event in the form of events.k8s.io/v1. */
export type EventsV1Event = ObjectOf<events.IEvent>;
/** A name for a pod priority. */
export type PriorityClass = ObjectOf<scheduling.IPriorityClass>;
/** Permissions in a namespace. */
export type Role = ObjectOf<rbac.IRole>;
/** Grants a role in a namespace. */
export type RoleBinding = ObjectOf<rbac.IRoleBinding>;
/** Permissions across the cluster. */
export type ClusterRole = ObjectOf<rbac.IClusterRole>;
/** Grants a role across the cluster. */
export type ClusterRoleBinding = ObjectOf<rbac.IClusterRoleBinding>;
/** One rule of a role. */
export type PolicyRule = rbac.IPolicyRule;
/** Who a binding grants to. */
export type Subject = rbac.ISubject;
/** The role a binding grants. */
export type RoleRef = rbac.IRoleRef;
/** Replicated pods with roll-outs. */
export type Deployment = ObjectOf<apps.IDeployment>;
/** A number of equal pods. */
export type ReplicaSet = ObjectOf<apps.IReplicaSet>;
/** One pod per node. */
export type DaemonSet = ObjectOf<apps.IDaemonSet>;
/** Pods that run to an end. */
export type Job = ObjectOf<batch.IJob>;
/** A range of service addresses. */
export type ServiceCIDR = ObjectOf<networking.IServiceCIDR>;
/** One service address in use. */
export type IPAddress = ObjectOf<networking.IIPAddress>;
/** A saved template of a DaemonSet or StatefulSet. */
export type ControllerRevision = ObjectOf<apps.IControllerRevision>;
/** How many pods may be evicted at a time. */
export type PodDisruptionBudget = ObjectOf<policy.IPodDisruptionBudget>;
/** Pods with lasting names and claims. */
export type StatefulSet = ObjectOf<apps.IStatefulSet>;
/** Jobs made on a schedule. */
export type CronJob = ObjectOf<batch.ICronJob>;
/** The older form of a ReplicaSet. */
export type ReplicationController = ObjectOf<core.IReplicationController>;
/** A template of pods that stands by itself. */
export type PodTemplate = ObjectOf<core.IPodTemplate>;
/** A piece of storage of the cluster. */
export type PersistentVolume = ObjectOf<core.IPersistentVolume>;
/** A user's wish for storage. */
export type PersistentVolumeClaim = ObjectOf<core.IPersistentVolumeClaim>;
/** What is wanted of storage. */
export type PersistentVolumeClaimSpec = core.IPersistentVolumeClaimSpec;
/** How much a namespace may use. */
export type ResourceQuota = ObjectOf<core.IResourceQuota>;
/** Least, most and default amounts in a namespace. */
export type LimitRange = ObjectOf<core.ILimitRange>;
/** Scales a workload by metrics (autoscaling/v2). */
export type HorizontalPodAutoscaler = ObjectOf<autoscalingV2.IHorizontalPodAutoscaler>;
/** The same in its first version. */
export type HorizontalPodAutoscalerV1 = ObjectOf<autoscalingV1.IHorizontalPodAutoscaler>;
/** A metric and its wanted value. */
export type MetricSpec = autoscalingV2.IMetricSpec;
/** A metric's present value. */
export type MetricStatus = autoscalingV2.IMetricStatus;
/** The wanted value of a metric. */
export type MetricTarget = autoscalingV2.IMetricTarget;
/** Which HTTP requests go to which Service. */
export type Ingress = ObjectOf<networking.IIngress>;
/** Where an Ingress sends requests. */
export type IngressBackend = networking.IIngressBackend;
/** Which controller implements an Ingress. */
export type IngressClass = ObjectOf<networking.IIngressClass>;
/** Who may talk to pods. */
export type NetworkPolicy = ObjectOf<networking.INetworkPolicy>;
/** One side of an allowed connection. */
export type NetworkPolicyPeer = networking.INetworkPolicyPeer;
/** Ports of an allowed connection. */
export type NetworkPolicyPort = networking.INetworkPolicyPort;
/** By which runtime a pod is run. */
export type RuntimeClass = ObjectOf<nodeApi.IRuntimeClass>;
/** A way of making volumes. */
export type StorageClass = ObjectOf<storage.IStorageClass>;
/** A storage driver. */
export type CSIDriver = ObjectOf<storage.ICSIDriver>;
/** The storage drivers of a node. */
export type CSINode = ObjectOf<storage.ICSINode>;
/** What a storage class can still give. */
export type CSIStorageCapacity = ObjectOf<storage.ICSIStorageCapacity>;
/** A volume attached to a node. */
export type VolumeAttachment = ObjectOf<storage.IVolumeAttachment>;
/** Programs that change writes. */
export type MutatingWebhookConfiguration = ObjectOf<admission.IMutatingWebhookConfiguration>;
/** One such program. */
export type MutatingWebhook = admission.IMutatingWebhook;
/** Programs that judge writes. */
export type ValidatingWebhookConfiguration = ObjectOf<admission.IValidatingWebhookConfiguration>;
/** Rules for writes. */
export type ValidatingAdmissionPolicy = ObjectOf<admission.IValidatingAdmissionPolicy>;
/** Puts such rules into force. */
export type ValidatingAdmissionPolicyBinding = ObjectOf<admission.IValidatingAdmissionPolicyBinding>;
/** The wish for a certificate. */
export type CertificateSigningRequest = ObjectOf<certificates.ICertificateSigningRequest>;
/** Which requests belong to which priority level. */
export type FlowSchema = ObjectOf<flowcontrol.IFlowSchema>;
/** How many requests of a level are served at a time. */
export type PriorityLevelConfiguration = ObjectOf<flowcontrol.IPriorityLevelConfiguration>;
/** Who serves a group and version. */
export type APIService = ObjectOf<aggregation.IAPIService>;
/** Whether a component of the control plane answers. */
export type ComponentStatus = ObjectOf<core.IComponentStatus>;
/** A kind made by users. */
export type CustomResourceDefinition = ObjectOf<extensions.ICustomResourceDefinition>;
