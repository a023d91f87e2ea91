/** What `npm run generate` makes of the schema in keywords.ts. */

interface SchemaError {
  readonly keyword: string;
  /** JSON pointer to the value that does not fit. */
  readonly instancePath: string;
  readonly params: { readonly additionalProperty?: string; readonly missingProperty?: string };
}

interface Validator {
  /** @param data one kind and its keywords: `{ task: {...} }` */
  (data: unknown): boolean;
  readonly errors?: readonly SchemaError[] | null;
}

export const validate: Validator;
