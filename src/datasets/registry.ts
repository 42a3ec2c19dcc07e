/** Every dataset recipe, in the order of the picker. */
import type { DatasetRecipe } from './recipe';
import { defineRecipe } from './recipe';
import { diverse, play, stitch } from './recipes/goals';
import { expert, medium, mediumExpert, mediumReplay, random } from './recipes/quality';

const none = defineRecipe({
  id: 'none',
  label: 'Nothing',
  name: () => 'nothing',
  summary: 'No data: learning starts with its own first steps.',
  params: {},
  appliesTo: () => true,
});

export const recipes: Readonly<Record<string, DatasetRecipe>> = Object.fromEntries(
  [stitch, random, medium, mediumReplay, mediumExpert, expert, play, diverse, none].map((recipe) => [
    recipe.id,
    recipe,
  ]),
);

/** Undefined for an unknown id, whatever it is. */
export function recipeById(id: string): DatasetRecipe | undefined {
  return Object.hasOwn(recipes, id) ? recipes[id] : undefined;
}
