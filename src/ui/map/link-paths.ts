/** The hairlines of the map as SVG paths between measured boxes: who dials whom. Pure. */

/** A box on the map, in its own pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line of the map. `isDead`: one end is not there to talk. */
export interface LinkPath {
  readonly key: string;
  readonly path: string;
  readonly isDead: boolean;
}

/** What is drawn. Boxes by name; `etcd/<machine>` are the etcd cards. */
export interface LinkInput {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly loadBalancer: string;
  readonly workstation: string;
  readonly controlPlanes: readonly string[];
  readonly workers: readonly string[];
  /** Machines with an etcd member, in the order of the map. */
  readonly members: readonly string[];
  isUp(machine: string): boolean;
}

const RADIUS = 12;
/** Distance of the workers' common line from what is around it. */
const GUTTER = 14;

const round = (value: number): number => Math.round(value * 2) / 2;
const middleX = (box: Box): number => round(box.x + box.width / 2);
const middleY = (box: Box): number => round(box.y + box.height / 2);
const bottom = (box: Box): number => round(box.y + box.height);

/** From the workstation to the load balancer beside it, or above it where the screen is narrow. */
function fromStation(from: Box, to: Box): string {
  if (from.y >= to.y + to.height) return `M${middleX(from)} ${round(from.y)}V${bottom(to)}`;
  return `M${round(from.x)} ${middleY(from)}H${round(to.x + to.width)}`;
}

/** From the load balancer's foot to the head of an API server's machine. */
function toBackend(from: Box, to: Box): string {
  const startX = middleX(from);
  const startY = bottom(from);
  const endX = middleX(to);
  const endY = round(to.y);
  if (Math.abs(startX - endX) < 2) return `M${startX} ${startY}V${endY}`;
  const bend = Math.min(30, Math.max(12, endY - startY));
  return `M${startX} ${startY}C${startX} ${startY + bend} ${endX} ${endY - bend} ${endX} ${endY}`;
}

/** From the load balancer's side down a gutter left of everything, then along above the workers. */
function toWorker(from: Box, to: Box, left: number): string {
  const startY = middleY(from);
  const lineY = round(to.y - GUTTER);
  const endX = middleX(to);
  return (
    `M${round(from.x)} ${startY}H${left + RADIUS}Q${left} ${startY} ${left} ${startY + RADIUS}` +
    `V${lineY - RADIUS}Q${left} ${lineY} ${left + RADIUS} ${lineY}H${endX - RADIUS}Q${endX} ${lineY} ${endX} ${lineY + GUTTER / 2}V${round(to.y)}`
  );
}

/** Between two etcd members: straight where they stand side by side, below the cards where they do not. */
function betweenPeers(a: Box, b: Box): string {
  const [left, right] = a.x <= b.x ? [a, b] : [b, a];
  if (Math.abs(a.y - b.y) < a.height) return `M${round(left.x + left.width)} ${middleY(left)}H${round(right.x)}`;
  return `M${middleX(a)} ${bottom(a)}L${middleX(b)} ${round(b.y)}`;
}

/** All lines between boxes that are there. Peers are drawn from each member to the next: a mesh of five would hide the map. */
export function linkPaths(input: LinkInput): LinkPath[] {
  const { boxes, isUp } = input;
  const lines: LinkPath[] = [];
  const add = (
    key: string,
    a: string,
    b: string,
    from: Box | undefined,
    to: Box | undefined,
    draw: (from: Box, to: Box) => string,
  ): void => {
    if (from && to) lines.push({ key, path: draw(from, to), isDead: !isUp(a) || !isUp(b) });
  };
  const balancer = boxes.get(input.loadBalancer);
  const left = round(Math.min(...[...boxes.values()].map(({ x }) => x)) - GUTTER);
  const station = boxes.get(input.workstation);
  add('workstation', input.workstation, input.loadBalancer, station, balancer, fromStation);
  for (const name of input.controlPlanes) add(`backend/${name}`, input.loadBalancer, name, balancer, boxes.get(name), toBackend);
  for (const name of input.workers)
    add(`worker/${name}`, input.loadBalancer, name, balancer, boxes.get(name), (from, to) => toWorker(from, to, left));
  input.members.slice(1).forEach((name, index) => {
    const before = input.members[index] ?? name;
    add(`peer/${before}/${name}`, before, name, boxes.get(`etcd/${before}`), boxes.get(`etcd/${name}`), betweenPeers);
  });
  return lines;
}
