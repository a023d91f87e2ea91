/** The few shapes that the values of keywords have: a JSON Schema each, and how it is said in a sentence. */

export interface Shape {
  readonly schema: object;
  /** `"become" must be <this>`. */
  readonly wants: string;
}

const template = { type: 'string', pattern: '\\{[{%]' };
const yesNo = {
  type: 'string',
  pattern: '^(?:[Yy]es|[Nn]o|[Tt]rue|[Ff]alse|[Oo]n|[Oo]ff|YES|NO|TRUE|FALSE|ON|OFF)$',
};
const word = { type: ['string', 'number', 'boolean'] };
const words = { anyOf: [word, { type: 'array', items: word }] };
const environment = { anyOf: [{ type: 'object' }, template] };

/** Every keyword may also be left empty. */
function shape(schema: object, wants: string): Shape {
  return { schema: { anyOf: [{ type: 'null' }, schema] }, wants };
}

export const shapes = {
  anything: shape({}, 'anything'),
  truth: shape({ anyOf: [{ type: 'boolean' }, yesNo, template] }, 'true, false or a template'),
  flag: shape({ anyOf: [{ type: 'boolean' }, yesNo] }, 'true or false'),
  text: shape(word, 'a string'),
  number: shape(
    {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', pattern: '^\\s*\\d+(?:\\.\\d+)?\\s*$|\\{[{%]' },
      ],
    },
    'a number that is not negative, or a template',
  ),
  percentage: shape({ type: 'number', minimum: 0, maximum: 100 }, 'a number from 0 to 100'),
  words: shape(words, 'a string or a list of strings'),
  conditions: shape(words, 'an expression, or a list of them'),
  map: shape({ type: 'object' }, 'a mapping'),
  environment: shape(
    { anyOf: [environment, { type: 'array', items: environment }] },
    'a mapping, a template, or a list of them',
  ),
  tasks: shape({ type: 'array' }, 'a list of tasks'),
  roles: shape({ type: 'array' }, 'a list of roles'),
  prompts: shape(
    {
      type: 'array',
      items: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
          prompt: word,
          default: word,
          private: { type: 'boolean' },
          confirm: { type: 'boolean' },
        },
      },
    },
    'a list of questions: name, prompt, default, private, confirm',
  ),
  files: shape({ anyOf: [word, { type: 'array', items: words }] }, 'the name of a file, or a list of them'),
  variable: shape(
    { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    'the name of a variable: letters, digits and _',
  ),
  sudo: shape({ enum: ['sudo'] }, 'sudo: no other method is supported in this version'),
  strategy: shape({ enum: ['linear', 'free', 'host_pinned'] }, 'linear, free or host_pinned'),
  order: shape({ enum: ['inventory'] }, 'inventory: no other order is supported in this version'),
} satisfies Record<string, Shape>;

export type ShapeName = keyof typeof shapes;
