/** Sample manifests in the student's home directory: written once, at the workstation's first start; what is there afterwards is the student's. */
import type { Files } from '#host';

const REDIS = `# The store of the guestbook: one Redis behind a Service named "redis".
apiVersion: apps/v1
kind: Deployment
metadata:
  name: redis
  labels:
    app: redis
spec:
  replicas: 1
  selector:
    matchLabels:
      app: redis
  template:
    metadata:
      labels:
        app: redis
    spec:
      containers:
      - name: redis
        image: redis:7.2
        ports:
        - name: redis
          containerPort: 6379
        resources:
          requests:
            cpu: 50m
            memory: 32Mi
          limits:
            memory: 128Mi
        readinessProbe:
          exec:
            command: ["redis-cli", "ping"]
          periodSeconds: 5
        volumeMounts:
        - name: data
          mountPath: /data
      volumes:
      - name: data
        emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: redis
  labels:
    app: redis
spec:
  selector:
    app: redis
  ports:
  - name: redis
    port: 6379
    targetPort: redis
`;

const WEB = `# The web tier of the guestbook: three replicas, reachable from outside on port 30080 of any node.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: guestbook
  labels:
    app: guestbook
spec:
  replicas: 3
  selector:
    matchLabels:
      app: guestbook
  strategy:
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app: guestbook
    spec:
      containers:
      - name: web
        image: ghcr.io/tabernetes/guestbook:1.0
        env:
        - name: REDIS_ADDRESS
          value: redis:6379
        ports:
        - name: http
          containerPort: 8080
        # It goes on serving until no node sends it requests any more.
        lifecycle:
          preStop:
            sleep:
              seconds: 5
        resources:
          requests:
            cpu: 50m
            memory: 32Mi
          limits:
            memory: 64Mi
        readinessProbe:
          httpGet:
            path: /readyz
            port: http
          periodSeconds: 5
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
---
apiVersion: v1
kind: Service
metadata:
  name: guestbook
  labels:
    app: guestbook
spec:
  type: NodePort
  selector:
    app: guestbook
  ports:
  - name: http
    port: 80
    targetPort: http
    nodePort: 30080
`;

const CRASH = `# A container that ends with an error: watch its back-off grow with "kubectl get pod crash -w".
apiVersion: v1
kind: Pod
metadata:
  name: crash
spec:
  containers:
  - name: crash
    image: busybox:1.36
    command: ["sh", "-c", "echo starting; sleep 5; echo giving up; exit 3"]
`;

const PROBES = `# Healthy for ten seconds, then not: the kubelet restarts it.
apiVersion: v1
kind: Pod
metadata:
  name: liveness
spec:
  containers:
  - name: liveness
    image: registry.k8s.io/e2e-test-images/agnhost:2.53
    args: ["liveness"]
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080
      initialDelaySeconds: 3
      periodSeconds: 3
`;

const MEMORY = `# Takes more memory than its limit: OOMKilled.
apiVersion: v1
kind: Pod
metadata:
  name: memory
spec:
  containers:
  - name: memory
    image: polinux/stress
    command: ["stress"]
    args: ["--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"]
    resources:
      requests:
        memory: 50Mi
      limits:
        memory: 100Mi
`;

const SAMPLES: Readonly<Record<string, string>> = Object.freeze({
  'guestbook/redis.yaml': REDIS,
  'guestbook/web.yaml': WEB,
  'samples/crash.yaml': CRASH,
  'samples/liveness.yaml': PROBES,
  'samples/memory.yaml': MEMORY,
});

/** Writes the samples below `home`, unless they have been written before. */
export function provideSamples(files: Files, home: string): void {
  const marker = `${home}/.samples`;
  if (files.stat(marker)) return;
  for (const [name, text] of Object.entries(SAMPLES)) {
    const directory = `${home}/${name.slice(0, name.lastIndexOf('/'))}`;
    if (!files.stat(directory)) files.makeDirectory(directory, { recursive: true });
    if (!files.stat(`${home}/${name}`)) files.write(`${home}/${name}`, text);
  }
  files.write(marker, '');
}
