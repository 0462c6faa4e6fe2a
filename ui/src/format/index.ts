export * from "./money";
export * from "./numbers";
export * from "./sizes";
export * from "./text";
export * from "./times";
export { zone, type Zone } from "./zone.svelte";
