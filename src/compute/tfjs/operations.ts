/**
 * Every operation of a tensor program in TensorFlow.js, values and gradients.
 *
 * Gradients are those of TensorFlow.js wherever it defines them. Custom ones stand only where program.ts fixes what
 * TensorFlow.js leaves out or decides differently: comparisons and `stopGradient` (none), ties of minima and maxima
 * (all to the first), |x| at 0 (none).
 */
import type { Tensor3D } from '@tensorflow/tfjs';
import type { Axis, BinaryOp, Node, Shape, UnaryOp } from '../program/program';
import type { Tfjs } from './library';

/** The last argument of a function with a gradient of its own: keeps tensors for the backward pass. */
type Save = (tensors: Tensor3D[]) => void;
type Dimensions = [number, number, number];
const axisNumber: Record<Axis, 0 | 1 | 2> = { members: 0, rows: 1, columns: 2 };

export function dimensions({ members, rows, columns }: Shape): Dimensions {
  return [members, rows, columns];
}

/** Nodes which come from the host rather than from other nodes. */
export type LeafOp = 'constant' | 'parameter' | 'scalar' | 'input' | 'batch' | 'random';

/** Gives the function that computes a node from the values of its operands, in the order of `operandsOf`. */
export function createOperations(tf: Tfjs) {
  /** Sums a gradient over the axes along which the operand was broadcast. */
  const sumTo = (gradient: Tensor3D, shape: Dimensions): Tensor3D => {
    const axes = [0, 1, 2].filter((axis) => shape[axis] === 1 && gradient.shape[axis] !== 1);
    return axes.length === 0 ? gradient : tf.sum<Tensor3D>(gradient, axes, true);
  };

  // By addition, whose gradient is one sum; that of `tf.tile` adds the copies one at a time.
  const broadcast = (x: Tensor3D, to: Dimensions): Tensor3D =>
    x.shape.every((size, axis) => size === to[axis]) ? x : tf.add<Tensor3D>(x, tf.zeros(to));

  const stopGradient = tf.customGrad<Tensor3D>((x) => ({
    value: tf.clone(x as Tensor3D),
    gradFunc: (dy) => tf.zerosLike(dy),
  }));

  const isNotZero = tf.customGrad<Tensor3D>((x) => ({
    value: tf.notEqual(x as Tensor3D, 0),
    gradFunc: (dy) => tf.zerosLike(dy),
  }));

  const comparison = (compare: 'less' | 'equal') =>
    tf.customGrad<Tensor3D>((x, y, save) => {
      (save as Save)([x as Tensor3D, y as Tensor3D]);
      return {
        value: tf.cast(tf[compare](x as Tensor3D, y as Tensor3D), 'float32'),
        gradFunc: (_, saved) => saved.map((operand) => tf.zerosLike(operand)),
      };
    });
  const less = comparison('less');
  const equal = comparison('equal');

  /** `minimum` or `maximum` of two, the gradient of a tie to the first. */
  const extremeOfTwo = (kind: 'minimum' | 'maximum') =>
    tf.customGrad<Tensor3D>((x, y, save) => {
      (save as Save)([x as Tensor3D, y as Tensor3D]);
      return {
        value: tf[kind](x as Tensor3D, y as Tensor3D),
        gradFunc: (dy, saved) => {
          const [first, second] = saved as Tensor3D[];
          const firstWins = kind === 'minimum' ? tf.lessEqual(first, second) : tf.greaterEqual(first, second);
          const toFirst = tf.mul<Tensor3D>(dy, tf.cast(firstWins, 'float32'));
          const toSecond = tf.sub<Tensor3D>(dy, toFirst);
          return [sumTo(toFirst, first.shape as Dimensions), sumTo(toSecond, second.shape as Dimensions)];
        },
      };
    });
  const minimum = extremeOfTwo('minimum');
  const maximum = extremeOfTwo('maximum');

  /** Minimum or maximum along an axis, the gradient of a tie to the first position. */
  const extremeAlong = (kind: 'minimum' | 'maximum', axis: 0 | 1 | 2) =>
    tf.customGrad<Tensor3D>((x, save) => {
      (save as Save)([x as Tensor3D]);
      return {
        value: (kind === 'minimum' ? tf.min : tf.max)<Tensor3D>(x as Tensor3D, axis, true),
        gradFunc: (dy, saved) => {
          const [operand] = saved as Tensor3D[];
          const winner = tf.expandDims(kind === 'minimum' ? tf.argMin(operand, axis) : tf.argMax(operand, axis), axis);
          const size = operand.shape[axis];
          const along: Dimensions = [1, 1, 1];
          along[axis] = size;
          const position = tf.reshape(tf.range(0, size, 1, 'int32'), along);
          return tf.mul<Tensor3D>(dy, tf.cast(tf.equal(position, winner), 'float32'));
        },
      };
    });

  const unary: Record<UnaryOp, (x: Tensor3D) => Tensor3D> = {
    negate: (x) => tf.neg(x),
    square: (x) => tf.square(x),
    sqrt: (x) => tf.sqrt(x),
    reciprocal: (x) => tf.reciprocal(x),
    exp: (x) => tf.exp(x),
    log: (x) => tf.log(x),
    relu: (x) => tf.relu(x),
    tanh: (x) => tf.tanh(x),
    sigmoid: (x) => tf.sigmoid(x),
    softplus: (x) => tf.softplus(x),
    absolute: (x) => tf.mul(x, stopGradient(tf.sign(x))),
    sign: (x) => stopGradient(tf.sign(x)),
    sine: (x) => tf.sin(x),
    cosine: (x) => tf.cos(x),
  };
  const binary: Record<BinaryOp, (x: Tensor3D, y: Tensor3D) => Tensor3D> = {
    add: (x, y) => tf.add(x, y),
    subtract: (x, y) => tf.sub(x, y),
    multiply: (x, y) => tf.mul(x, y),
    divide: (x, y) => tf.div(x, y),
    minimum: (x, y) => minimum(x, y),
    maximum: (x, y) => maximum(x, y),
    less: (x, y) => less(x, y),
    equal: (x, y) => equal(x, y),
  };

  return (node: Exclude<Node, { op: LeafOp }>, operands: readonly Tensor3D[]): Tensor3D => {
    const [x, y, z] = operands;
    switch (node.op) {
      case 'unary':
        return unary[node.kind](x);
      case 'binary':
        return binary[node.kind](x, y);
      case 'matmul': {
        // The gradient of `tf.matMul` does not sum over members that it broadcast, so both get all of them first.
        const [a, b] = [x, y].map((operand) =>
          broadcast(operand, [node.shape.members, operand.shape[1], operand.shape[2]]),
        );
        return tf.matMul(a, b, node.form === 'tn', node.form === 'nt');
      }
      case 'select': {
        const [condition, whenTrue, whenFalse] = [x, y, z].map((operand) => broadcast(operand, dimensions(node.shape)));
        return tf.where(isNotZero(condition), whenTrue, whenFalse);
      }
      case 'reduce':
        return node.kind === 'sum'
          ? tf.sum(x, axisNumber[node.axis], true)
          : extremeAlong(node.kind, axisNumber[node.axis])(x);
      case 'rows':
        return tf.slice(x, [0, node.first, 0], [x.shape[0], node.shape.rows, x.shape[2]]);
      case 'member':
        return tf.slice(x, [node.first, 0, 0], [node.shape.members, x.shape[1], x.shape[2]]);
      case 'pad': {
        const axis = axisNumber[node.axis];
        const padding: [number, number][] = [
          [0, 0],
          [0, 0],
          [0, 0],
        ];
        padding[axis] = [node.first, dimensions(node.shape)[axis] - node.first - x.shape[axis]];
        return tf.pad(x, padding);
      }
      case 'concat':
        return tf.concat([...operands], 1);
      case 'broadcast':
        return broadcast(x, dimensions(node.shape));
      case 'stopGradient':
        return stopGradient(x);
      default:
        return node satisfies never;
    }
  };
}
export type Operate = ReturnType<typeof createOperations>;
