/** Every environment of the lab, in the order of the picker. A new one is one file and one line here. */
import { cartPole } from './cartPole';
import type { EnvironmentDefinition } from './environment';
import { fourRooms } from './fourRooms';
import { mountainCarContinuous } from './mountainCarContinuous';
import { pendulum } from './pendulum';
import { pointMaze } from './pointMaze';

export const environments: Readonly<Record<string, EnvironmentDefinition>> = {
  pointMaze,
  pendulum,
  mountainCarContinuous,
  cartPole,
  fourRooms,
};

/** The environment of this id, whatever the string; undefined if there is none. */
export function environmentById(id: string): EnvironmentDefinition | undefined {
  return Object.hasOwn(environments, id) ? environments[id] : undefined;
}
