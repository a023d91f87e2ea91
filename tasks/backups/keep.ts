/** `keep:` in arguments: which backups stay. */
import { Type } from 'typebox';

const count = (description: string) => Type.Optional(Type.Integer({ description, minimum: 0 }));

export const keepSchema = Type.Object(
  {
    last: count('So many of the newest'),
    hourly: count('The newest of each of so many hours'),
    daily: count('Of each of so many days'),
    weekly: count('Of each of so many weeks'),
    monthly: count('Of each of so many months'),
    yearly: count('Of each of so many years'),
    within: Type.Optional(Type.String({ description: 'All younger than this: 2y5m7d3h' })),
  },
  {
    additionalProperties: false,
    description:
      "Which backups stay once this one is there, by restic's rules; without it all of them. The newest that is verified always stays",
  },
);
