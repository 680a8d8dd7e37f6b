/** Attributes of spans as what they are. */
import type { LabEvents } from '#lab';

type Span = LabEvents['span'];

/** An attribute as text; empty where there is none. */
export const text = ({ attributes }: Span, name: string): string => String(attributes[name] ?? '');

/** An attribute as a number; 0 where there is none. */
export const count = ({ attributes }: Span, name: string): number => Number(attributes[name] ?? 0);
