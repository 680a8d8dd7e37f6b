import { describe, expect, it } from 'vitest';
import { formatReference, parseReference } from '../../../src/runtime/reference.ts';

describe('image references', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
    ['registry.k8s.io/etcd:3.5.21-0', 'registry.k8s.io/etcd:3.5.21-0'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    [`nginx@sha256:${'a'.repeat(64)}`, `docker.io/library/nginx@sha256:${'a'.repeat(64)}`],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
  ])('%s is %s', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
  });

  it.each([
    ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
    ['nginx:', 'invalid reference format'],
    ['', 'invalid reference format'],
    ['nginx@sha256:12', 'invalid reference format'],
    ['a//b', 'invalid reference format'],
  ])('%s is refused', (text, message) => {
    expect(() => parseReference(text)).toThrow(message);
  });
});
