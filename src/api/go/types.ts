// The internal types that differences in refusals are printed as (k8s.io/kubernetes pkg/apis/core): their fields in Go's order and of which
// type. Only what a pod's or a claim's spec is made of.

/** A field: its name in Go, its type, and its name in JSON ('' where the type's fields stand in JSON beside it). */
export interface GoField {
  readonly name: string;
  readonly type: string;
  readonly json: string;
}

/**
 * Types by name: `s` text, `b` boolean, `i` number, `q` Quantity, `m` map[string]string, `R` ResourceList, `I` IntOrString, `*X` a pointer,
 * `[]X` a slice, `s!Name` a named text, any other word a struct of this table. A field that begins with ^ is embedded.
 */
const layouts: Readonly<Record<string, string>> = {
  PodSpec: `Volumes:[]Volume InitContainers:[]Container Containers:[]Container EphemeralContainers:[]EphemeralContainer RestartPolicy:s
    TerminationGracePeriodSeconds:*i ActiveDeadlineSeconds:*i DNSPolicy:s NodeSelector:m ServiceAccountName:s AutomountServiceAccountToken:*b
    NodeName:s SecurityContext:*PodSecurityContext ImagePullSecrets:[]LocalObjectReference Hostname:s Subdomain:s SetHostnameAsFQDN:*b
    Affinity:*Affinity SchedulerName:s Tolerations:[]Toleration HostAliases:[]HostAlias PriorityClassName:s Priority:*i PreemptionPolicy:*s
    DNSConfig:*PodDNSConfig ReadinessGates:[]PodReadinessGate RuntimeClassName:*s Overhead:R EnableServiceLinks:*b
    TopologySpreadConstraints:[]TopologySpreadConstraint OS:*PodOS SchedulingGates:[]PodSchedulingGate ResourceClaims:[]PodResourceClaim
    Resources:*ResourceRequirements`,
  Container: `Name:s Image:s Command:[]s Args:[]s WorkingDir:s Ports:[]ContainerPort EnvFrom:[]EnvFromSource Env:[]EnvVar
    Resources:ResourceRequirements ResizePolicy:[]ContainerResizePolicy RestartPolicy:*s VolumeMounts:[]VolumeMount VolumeDevices:[]VolumeDevice
    LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe Lifecycle:*Lifecycle TerminationMessagePath:s TerminationMessagePolicy:s
    ImagePullPolicy:s SecurityContext:*SecurityContext Stdin:b StdinOnce:b TTY:b`,
  EphemeralContainer: '^EphemeralContainerCommon:Container TargetContainerName:s',
  ContainerPort: 'Name:s HostPort:i ContainerPort:i Protocol:s HostIP:s',
  EnvVar: 'Name:s Value:s ValueFrom:*EnvVarSource',
  EnvVarSource:
    'FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector ConfigMapKeyRef:*ConfigMapKeySelector SecretKeyRef:*SecretKeySelector',
  ObjectFieldSelector: 'APIVersion:s FieldPath:s',
  ResourceFieldSelector: 'ContainerName:s Resource:s Divisor:q',
  ConfigMapKeySelector: '^LocalObjectReference:LocalObjectReference Key:s Optional:*b',
  SecretKeySelector: '^LocalObjectReference:LocalObjectReference Key:s Optional:*b',
  EnvFromSource: 'Prefix:s ConfigMapRef:*ConfigMapEnvSource SecretRef:*SecretEnvSource',
  ConfigMapEnvSource: '^LocalObjectReference:LocalObjectReference Optional:*b',
  SecretEnvSource: '^LocalObjectReference:LocalObjectReference Optional:*b',
  LocalObjectReference: 'Name:s',
  ResourceRequirements: 'Limits:R Requests:R Claims:[]ResourceClaim',
  ResourceClaim: 'Name:s Request:s',
  ContainerResizePolicy: 'ResourceName:s RestartPolicy:s',
  VolumeMount: 'Name:s ReadOnly:b RecursiveReadOnly:*s MountPath:s SubPath:s MountPropagation:*s SubPathExpr:s',
  VolumeDevice: 'Name:s DevicePath:s',
  Probe: `^ProbeHandler:ProbeHandler InitialDelaySeconds:i TimeoutSeconds:i PeriodSeconds:i SuccessThreshold:i FailureThreshold:i
    TerminationGracePeriodSeconds:*i`,
  ProbeHandler: 'Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction GRPC:*GRPCAction',
  ExecAction: 'Command:[]s',
  HTTPGetAction: 'Path:s Port:I Host:s Scheme:s HTTPHeaders:[]HTTPHeader',
  HTTPHeader: 'Name:s Value:s',
  TCPSocketAction: 'Port:I Host:s',
  GRPCAction: 'Port:i Service:*s',
  Lifecycle: 'PostStart:*LifecycleHandler PreStop:*LifecycleHandler StopSignal:*s',
  LifecycleHandler: 'Exec:*ExecAction HTTPGet:*HTTPGetAction TCPSocket:*TCPSocketAction Sleep:*SleepAction',
  SleepAction: 'Seconds:i',
  SecurityContext: `Capabilities:*Capabilities Privileged:*b SELinuxOptions:*SELinuxOptions WindowsOptions:*WindowsSecurityContextOptions RunAsUser:*i
    RunAsGroup:*i RunAsNonRoot:*b ReadOnlyRootFilesystem:*b AllowPrivilegeEscalation:*b ProcMount:*s SeccompProfile:*SeccompProfile
    AppArmorProfile:*AppArmorProfile`,
  Capabilities: 'Add:[]s!Capability Drop:[]s!Capability',
  SELinuxOptions: 'User:s Role:s Type:s Level:s',
  WindowsSecurityContextOptions: 'GMSACredentialSpecName:*s GMSACredentialSpec:*s RunAsUserName:*s HostProcess:*b',
  SeccompProfile: 'Type:s LocalhostProfile:*s',
  AppArmorProfile: 'Type:s LocalhostProfile:*s',
  PodSecurityContext: `HostNetwork:b HostPID:b HostIPC:b ShareProcessNamespace:*b HostUsers:*b SELinuxOptions:*SELinuxOptions
    WindowsOptions:*WindowsSecurityContextOptions RunAsUser:*i RunAsGroup:*i RunAsNonRoot:*b SupplementalGroups:[]i SupplementalGroupsPolicy:*s
    FSGroup:*i FSGroupChangePolicy:*s Sysctls:[]Sysctl SeccompProfile:*SeccompProfile AppArmorProfile:*AppArmorProfile SELinuxChangePolicy:*s`,
  Sysctl: 'Name:s Value:s',
  Volume: 'Name:s ^VolumeSource:VolumeSource',
  VolumeSource: `HostPath:*HostPathVolumeSource EmptyDir:*EmptyDirVolumeSource Secret:*SecretVolumeSource NFS:*NFSVolumeSource
    PersistentVolumeClaim:*PersistentVolumeClaimVolumeSource DownwardAPI:*DownwardAPIVolumeSource ConfigMap:*ConfigMapVolumeSource
    Projected:*ProjectedVolumeSource CSI:*CSIVolumeSource`,
  HostPathVolumeSource: 'Path:s Type:*s',
  EmptyDirVolumeSource: 'Medium:s SizeLimit:*q',
  SecretVolumeSource: 'SecretName:s Items:[]KeyToPath DefaultMode:*i Optional:*b',
  NFSVolumeSource: 'Server:s Path:s ReadOnly:b',
  PersistentVolumeClaimVolumeSource: 'ClaimName:s ReadOnly:b',
  DownwardAPIVolumeSource: 'Items:[]DownwardAPIVolumeFile DefaultMode:*i',
  DownwardAPIVolumeFile: 'Path:s FieldRef:*ObjectFieldSelector ResourceFieldRef:*ResourceFieldSelector Mode:*i',
  ConfigMapVolumeSource: '^LocalObjectReference:LocalObjectReference Items:[]KeyToPath DefaultMode:*i Optional:*b',
  KeyToPath: 'Key:s Path:s Mode:*i',
  ProjectedVolumeSource: 'Sources:[]VolumeProjection DefaultMode:*i',
  VolumeProjection: `Secret:*SecretProjection DownwardAPI:*DownwardAPIProjection ConfigMap:*ConfigMapProjection
    ServiceAccountToken:*ServiceAccountTokenProjection`,
  SecretProjection: '^LocalObjectReference:LocalObjectReference Items:[]KeyToPath Optional:*b',
  DownwardAPIProjection: 'Items:[]DownwardAPIVolumeFile',
  ConfigMapProjection: '^LocalObjectReference:LocalObjectReference Items:[]KeyToPath Optional:*b',
  ServiceAccountTokenProjection: 'Audience:s ExpirationSeconds:i Path:s',
  CSIVolumeSource: 'Driver:s ReadOnly:*b FSType:*s VolumeAttributes:m NodePublishSecretRef:*LocalObjectReference',
  Affinity: 'NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAntiAffinity',
  NodeAffinity: `RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector
    PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm`,
  NodeSelector: 'NodeSelectorTerms:[]NodeSelectorTerm',
  NodeSelectorTerm: 'MatchExpressions:[]NodeSelectorRequirement MatchFields:[]NodeSelectorRequirement',
  NodeSelectorRequirement: 'Key:s Operator:s Values:[]s',
  PreferredSchedulingTerm: 'Weight:i Preference:NodeSelectorTerm',
  PodAffinity: `RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
    PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm`,
  PodAntiAffinity: `RequiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
    PreferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm`,
  PodAffinityTerm: `LabelSelector:*v1.LabelSelector Namespaces:[]s TopologyKey:s NamespaceSelector:*v1.LabelSelector MatchLabelKeys:[]s
    MismatchLabelKeys:[]s`,
  WeightedPodAffinityTerm: 'Weight:i PodAffinityTerm:PodAffinityTerm',
  Toleration: 'Key:s Operator:s Value:s Effect:s TolerationSeconds:*i',
  HostAlias: 'IP:s Hostnames:[]s',
  PodDNSConfig: 'Nameservers:[]s Searches:[]s Options:[]PodDNSConfigOption',
  PodDNSConfigOption: 'Name:s Value:*s',
  PodReadinessGate: 'ConditionType:s',
  TopologySpreadConstraint: `MaxSkew:i TopologyKey:s WhenUnsatisfiable:s LabelSelector:*v1.LabelSelector MinDomains:*i NodeAffinityPolicy:*s
    NodeTaintsPolicy:*s MatchLabelKeys:[]s`,
  PodOS: 'Name:s',
  PodSchedulingGate: 'Name:s',
  PodResourceClaim: 'Name:s ResourceClaimName:*s ResourceClaimTemplateName:*s',
  'v1.LabelSelector': 'MatchLabels:m MatchExpressions:[]v1.LabelSelectorRequirement',
  'v1.LabelSelectorRequirement': 'Key:s Operator:s Values:[]s',
  PersistentVolumeClaimSpec: `AccessModes:[]s!PersistentVolumeAccessMode Selector:*v1.LabelSelector Resources:VolumeResourceRequirements VolumeName:s
    StorageClassName:*s VolumeMode:*s DataSource:*TypedLocalObjectReference DataSourceRef:*TypedObjectReference VolumeAttributesClassName:*s`,
  VolumeResourceRequirements: 'Limits:R Requests:R',
  TypedLocalObjectReference: 'APIGroup:*s Kind:s Name:s',
  TypedObjectReference: 'APIGroup:*s Kind:s Name:s Namespace:*s',
};

/** "DNSPolicy" → "dnsPolicy", "TTY" → "tty", "SELinuxOptions" → "seLinuxOptions". */
function jsonName(name: string): string {
  const capitals = /^[A-Z]+/.exec(name)?.[0] ?? '';
  const lowered = capitals.length === name.length || capitals.length === 1 ? capitals.length : capitals.length - 1;
  return name.slice(0, lowered).toLowerCase() + name.slice(lowered);
}

/** The fields of a struct. Throws for a name that is none. */
export function goFields(struct: string): readonly GoField[] {
  const layout = layouts[struct];
  if (layout === undefined) throw new Error(`the Go types do not hold ${struct}`);
  return layout.split(/\s+/).map((text) => {
    const [name = '', type = ''] = text.split(':');
    return name.startsWith('^') ? { name: name.slice(1), type, json: '' } : { name, type, json: jsonName(name) };
  });
}

const namedTypes: Readonly<Record<string, string>> = {
  s: 'string',
  b: 'bool',
  i: 'int64',
  q: 'resource.Quantity',
  m: 'map[string]string',
  R: 'core.ResourceList',
  I: 'intstr.IntOrString',
};

/** A type as Go prints it: []core.Container, map[string]string. */
export function goTypeName(type: string): string {
  if (type.startsWith('[]')) return `[]${goTypeName(type.slice(2))}`;
  if (type.startsWith('*')) return `*${goTypeName(type.slice(1))}`;
  if (type.startsWith('s!')) return `core.${type.slice(2)}`;
  return namedTypes[type] ?? (type.includes('.') ? type : `core.${type}`);
}
