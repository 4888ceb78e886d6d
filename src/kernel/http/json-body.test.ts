import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { readJson } from './json-body.ts';

const read = (text: string) => readJson({ body: Buffer.from(text) } as FastifyRequest);
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

function refusal(text: string): AppError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test('JSON is read', () => {
  expect(read('{"a": [1, null, {"b": "c"}]}')).toEqual({ a: [1, null, { b: 'c' }] });
  expect(read(nested(100))).toBeDefined();
});

test.each([101, 5000, 1_000_000])('arrays in arrays, %i levels deep, are refused', (levels) => {
  expect(refusal(nested(levels))).toMatchObject({
    message: 'the JSON is nested deeper than 100 levels',
    kind: { status: 400 },
  });
});

test('a deep object beside others is refused', () => {
  expect(refusal(`{"a": 1, "b": ${'{"c":'.repeat(100)}1${'}'.repeat(100)}}`).kind.status).toBe(400);
});

test('the error for bad JSON does not quote what may be a password', () => {
  const error = refusal('{"password": geheim}');

  expect(error.message).toBe('Bad request: could not decode json');
  expect(error.cause).toBeUndefined();
});
