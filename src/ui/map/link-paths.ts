/** The hairlines of the map as SVG paths between measured boxes: who dials whom. Pure. */

/** A box on the map, in its own pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A point on the map. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line of the map from machine `a` to machine `b`. `isDead`: one end is not there to talk. */
export interface LinkPath {
  readonly key: string;
  readonly a: string;
  readonly b: string;
  readonly path: string;
  readonly isDead: boolean;
  /** What is wrong with the link, in words; empty when nothing is. */
  readonly fault: string;
  readonly isCut: boolean;
  /** Where words about the link stand. */
  readonly at: Point;
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
  /** What is wrong between two machines. */
  faultOf(a: string, b: string): { readonly words: string; readonly isCut: boolean } | undefined;
}

interface Line {
  readonly path: string;
  readonly at: Point;
}

const RADIUS = 12;
/** Distance of the workers' common line from what is around it. */
const GUTTER = 14;

const round = (value: number): number => Math.round(value * 2) / 2;
const middleX = (box: Box): number => round(box.x + box.width / 2);
const middleY = (box: Box): number => round(box.y + box.height / 2);
const bottom = (box: Box): number => round(box.y + box.height);

/** From the workstation to the load balancer beside it, or above it where the screen is narrow. */
function fromStation(from: Box, to: Box): Line {
  if (from.y >= to.y + to.height) {
    const x = middleX(from);
    return { path: `M${x} ${round(from.y)}V${bottom(to)}`, at: { x, y: round((from.y + to.y + to.height) / 2) } };
  }
  const y = middleY(from);
  return { path: `M${round(from.x)} ${y}H${round(to.x + to.width)}`, at: { x: round((from.x + to.x + to.width) / 2), y } };
}

/** From the load balancer's foot to the head of an API server's machine. */
function toBackend(from: Box, to: Box): Line {
  const startX = middleX(from);
  const startY = bottom(from);
  const endX = middleX(to);
  const endY = round(to.y);
  const at = { x: endX, y: endY - 8 };
  if (Math.abs(startX - endX) < 2) return { path: `M${startX} ${startY}V${endY}`, at };
  const bend = Math.min(30, Math.max(12, endY - startY));
  return { path: `M${startX} ${startY}C${startX} ${startY + bend} ${endX} ${endY - bend} ${endX} ${endY}`, at };
}

/** From the load balancer's side down a gutter left of everything, then along above the workers. */
function toWorker(from: Box, to: Box, left: number): Line {
  const startY = middleY(from);
  const lineY = round(to.y - GUTTER);
  const endX = middleX(to);
  const path =
    `M${round(from.x)} ${startY}H${left + RADIUS}Q${left} ${startY} ${left} ${startY + RADIUS}` +
    `V${lineY - RADIUS}Q${left} ${lineY} ${left + RADIUS} ${lineY}H${endX - RADIUS}Q${endX} ${lineY} ${endX} ${lineY + GUTTER / 2}V${round(to.y)}`;
  return { path, at: { x: endX, y: round(to.y) - 7 } };
}

/** Between two etcd members: straight where they stand side by side, below the cards where they do not. */
function betweenPeers(a: Box, b: Box): Line {
  const [left, right] = a.x <= b.x ? [a, b] : [b, a];
  if (Math.abs(a.y - b.y) < a.height) {
    const from = round(left.x + left.width);
    const to = round(right.x);
    return { path: `M${from} ${middleY(left)}H${to}`, at: { x: (from + to) / 2, y: middleY(left) } };
  }
  const [high, low] = a.y <= b.y ? [a, b] : [b, a];
  return {
    path: `M${middleX(high)} ${bottom(high)}L${middleX(low)} ${round(low.y)}`,
    at: { x: (middleX(high) + middleX(low)) / 2, y: (bottom(high) + round(low.y)) / 2 },
  };
}

/** Between members with others between them, only where something is wrong: a bow below the cards in between. */
function bowBelow(a: Box, b: Box): Line {
  const y = Math.max(bottom(a), bottom(b));
  const depth = 16;
  return {
    path: `M${middleX(a)} ${bottom(a)}Q${middleX(a)} ${y + depth} ${middleX(a) + 30} ${y + depth}H${middleX(b) - 30}Q${middleX(b)} ${y + depth} ${middleX(b)} ${bottom(b)}`,
    at: { x: (middleX(a) + middleX(b)) / 2, y: y + depth },
  };
}

/** All lines between boxes that are there. Peers are drawn from each member to the next: a mesh of five would hide the map. */
export function linkPaths(input: LinkInput): LinkPath[] {
  const { boxes, isUp, faultOf } = input;
  const lines: LinkPath[] = [];
  const add = (key: string, a: string, b: string, from: Box | undefined, to: Box | undefined, draw: (from: Box, to: Box) => Line): void => {
    if (!from || !to) return;
    const fault = faultOf(a, b);
    lines.push({ key, a, b, ...draw(from, to), isDead: !isUp(a) || !isUp(b), fault: fault?.words ?? '', isCut: fault?.isCut ?? false });
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
  input.members.forEach((name, index) => {
    for (const other of input.members.slice(index + 2))
      if (faultOf(name, other)) add(`peer/${name}/${other}`, name, other, boxes.get(`etcd/${name}`), boxes.get(`etcd/${other}`), bowBelow);
  });
  return lines;
}
