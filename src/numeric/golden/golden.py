"""Golden numbers for the tests of src/numeric, computed without any of its code. Python 3.8+, standard library only.

    python3 src/numeric/golden/golden.py > src/numeric/golden/golden.json

Elementary functions: decimal arithmetic with 60 digits (400 where it cancels), own series, rounded once to float64.
Normal quantiles: bisection on math.erfc. Student quantiles: bisection on the density integrated by the tanh-sinh rule,
checked here against the closed forms for 1, 2 and 4 degrees of freedom. Bootstrap: every possible resample, counted;
and the same draws from a second implementation of Threefry (checked against Random123's known answers).
"""
import hashlib
import itertools
import json
import math
import random
import statistics
import struct
from decimal import Decimal, getcontext
from fractions import Fraction

source = random.Random(20240229)


# --- elementary functions -------------------------------------------------------------------------------------------
def digits(count):
    getcontext().prec = count


def arctangent_of_inverse(n):
    total, term, k = Decimal(0), Decimal(1) / n, 1
    while abs(term) > Decimal(10) ** -(getcontext().prec + 5):
        total += term / k
        term /= -n * n
        k += 2
    return total


def pi():
    return 4 * (4 * arctangent_of_inverse(5) - arctangent_of_inverse(239))


def sine_and_cosine(x):
    """Reduced to |r| <= pi/4, then Taylor series."""
    half_pi = pi() / 2
    quadrant = int((x / half_pi).to_integral_value())
    r = x - quadrant * half_pi
    def series(term, k):
        total = Decimal(0)
        while abs(term) > Decimal(10) ** -(getcontext().prec + 5) and term != 0:
            total += term
            term *= -r * r / ((k + 1) * (k + 2))
            k += 2
        return total
    s, c = series(r, 1), series(Decimal(1), 0)
    return [(s, c), (c, -s), (-s, -c), (-c, s)][quadrant % 4]


def arctangent(x):
    """Halve the angle until the series converges fast."""
    x, doublings = Decimal(x), 0
    while abs(x) > Decimal('0.01'):
        x = x / (1 + (1 + x * x).sqrt())
        doublings += 1
    total, term, k = Decimal(0), x, 1
    while abs(term) > Decimal(10) ** -(getcontext().prec + 5) and term != 0:
        total += term / k
        term *= -x * x
        k += 2
    return total * 2 ** doublings


def angle_of_point(y, x):
    if x > 0:
        return arctangent(y / x)
    return arctangent(y / x) + (pi() if y >= 0 else -pi())


def exact(true):
    """[nearest float64, what is left in units of its last place]."""
    near = float(true)
    unit = Decimal(math.ulp(near))
    return [near, round(float((true - Decimal(near)) / unit), 4)]


def uniform(low, high):
    return source.uniform(low, high)


def spread(low, high):
    """Log-uniform magnitude."""
    return math.exp(uniform(math.log(low), math.log(high)))


def signed(value):
    return value if source.random() < 0.5 else -value


def elementary():
    digits(60)
    one = Decimal(1)
    def table(arguments, function):
        return [[x, *exact(function(Decimal(x)))] for x in arguments]
    def some(count, draw):
        return [draw() for _ in range(count)]
    def sigmoid(x):
        return one / (one + (-x).exp())
    def softplus(x):
        return (one + x.exp()).ln()
    def tanh(x):
        e = (2 * x).exp()
        return (e - one) / (e + one)
    result = {
        'exp': table(some(150, lambda: uniform(-700, 700)) + some(150, lambda: signed(spread(1e-8, 30))), Decimal.exp),
        'expm1': table(some(150, lambda: uniform(-35, 30)) + some(150, lambda: signed(spread(1e-12, 2))), lambda x: x.exp() - one),
        'log': table(some(150, lambda: spread(1e-300, 1e300)) + some(150, lambda: uniform(0.5, 2)), Decimal.ln),
        'log1p': table(some(150, lambda: uniform(-0.99, 3)) + some(150, lambda: signed(spread(1e-12, 0.9))), lambda x: (one + x).ln()),
        'atan': table(some(300, lambda: signed(spread(1e-6, 1e6))), arctangent),
        'tanh': table(some(150, lambda: uniform(-22, 22)) + some(150, lambda: signed(spread(1e-10, 2))), tanh),
        'sigmoid': table(some(200, lambda: uniform(-36, 36)) + some(100, lambda: uniform(-700, -36)), sigmoid),
        'atan2': [
            [y, x, *exact(angle_of_point(Decimal(y), Decimal(x)))]
            for y, x in [(signed(spread(1e-3, 1e3)), signed(spread(1e-3, 1e3))) for _ in range(300)]
        ],
        'hypot': [
            [x, y, *exact((Decimal(x) ** 2 + Decimal(y) ** 2).sqrt())]
            for x, y in [(signed(spread(1e-3, 1e3)), signed(spread(1e-3, 1e3))) for _ in range(200)]
            + [(signed(spread(1e-300, 1e-150)), signed(spread(1e-300, 1e-150))) for _ in range(50)]
            + [(signed(spread(1e150, 1e307)), signed(spread(1e150, 1e307))) for _ in range(50)]
        ],
    }
    near_multiples = [float(k * pi() / 2) for k in (1, 2, 3, 7, 1000, 99999, 1048575)]  # the worst cancellations
    angles = some(200, lambda: uniform(-10, 10)) + some(100, lambda: uniform(-1.6e6, 1.6e6)) + near_multiples
    result['sin'] = table(angles, lambda x: sine_and_cosine(x)[0])
    result['cos'] = table(angles, lambda x: sine_and_cosine(x)[1])
    digits(400)
    result['softplus'] = table(some(200, lambda: uniform(-36, 36)) + some(100, lambda: uniform(-700, 700)), softplus)
    # 6381956970095103 * 2^797 lies closer to a multiple of pi/2 than any other float64 (Muller et al.).
    large = [6381956970095103.0 * 2.0 ** 797, 1.7976931348623157e308, -1e22] + some(30, lambda: signed(spread(1e7, 1e307)))
    result['sin'] += table(large, lambda x: sine_and_cosine(x)[0])
    result['cos'] += table(large, lambda x: sine_and_cosine(x)[1])
    digits(60)
    return result


# --- Threefry2x32-20 ------------------------------------------------------------------------------------------------
def threefry(key, counter):
    mask = 0xFFFFFFFF
    keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDA]
    x = [(counter[0] + keys[0]) & mask, (counter[1] + keys[1]) & mask]
    for r in range(20):
        rotation = (13, 15, 26, 6, 17, 29, 16, 24)[r % 8]
        x[0] = (x[0] + x[1]) & mask
        x[1] = (((x[1] << rotation) | (x[1] >> (32 - rotation))) & mask) ^ x[0]
        if r % 4 == 3:
            group = r // 4 + 1
            x[0] = (x[0] + keys[group % 3]) & mask
            x[1] = (x[1] + keys[(group + 1) % 3] + group) & mask
    return x


assert threefry((0, 0), (0, 0)) == [0x6B200159, 0x99BA4EFE]
assert threefry((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2) == [0x1CB996FC, 0xBB002BE7]
assert threefry((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3)) == [0xC4923A9C, 0x483DF7A0]


def words(seed, number, indices=()):
    key = [seed, number]
    for index in indices:
        key = threefry(key, (index, 0xFFFFFFFF))
    for block in itertools.count():
        yield from threefry(key, (block % 2 ** 32, block // 2 ** 32))


def first(seed, number, indices, count=5):
    return list(itertools.islice(words(seed, number, indices), count))


# --- normal numbers -------------------------------------------------------------------------------------------------
def tail_quantile(p):
    """z with P(Z > z) = p, p <= 1/2."""
    low, high = 0.0, 8.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if 0.5 * math.erfc(middle / math.sqrt(2)) > p:
            low = middle
        else:
            high = middle


def normal():
    entries = [0] * 2048
    for i in range(1984):
        p = (1 + (i % 64) / 64) * 2.0 ** (i // 64 - 32)
        entries[i] = math.floor(tail_quantile(p) * 2 ** 20 + 0.5)
    tails = [source.getrandbits(31) >> source.randrange(31) for _ in range(800)]
    return {
        'tableSha256': hashlib.sha256(struct.pack('<2048i', *entries)).hexdigest(),
        'tails': [[m, tail_quantile((m + 1) / 2 ** 32)] for m in tails],
    }


# --- Student's t ----------------------------------------------------------------------------------------------------
def student_tail(t, degrees):
    """P(T > t) as the integral of cos^(degrees - 1) over [atan(t/sqrt(degrees)), pi/2], tanh-sinh rule."""
    def integral(low_gap):  # over angles phi = pi/2 - theta in [0, low_gap]: sin(phi)^(degrees - 1)
        total, h = 0.0, 1 / 64
        for k in range(-64 * 6, 64 * 6 + 1):
            u = k * h
            e = math.pi / 2 * math.sinh(u)
            if abs(e) > 350:
                continue
            phi = low_gap / (1 + math.exp(-2 * e))
            weight = low_gap * math.pi / 4 * math.cosh(u) / math.cosh(e) ** 2
            if phi > 0:
                total += math.exp((degrees - 1) * math.log(math.sin(phi))) * weight
        return total * h
    return 0.5 * integral(math.atan2(math.sqrt(degrees), t)) / integral(math.pi / 2)


def student_quantile(p, degrees):
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        if student_tail(middle, degrees) > 1 - p:
            low = middle
        else:
            high = middle
    return low


def close(a, b):
    assert abs(a / b - 1) < 1e-12, (a, b)


for p in (0.9, 0.975, 0.995):
    close(student_quantile(p, 1), math.tan(math.pi * (p - 0.5)))
    close(student_quantile(p, 2), (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p))))
    a = 4 * p * (1 - p)
    close(student_quantile(p, 4), 2 * math.sqrt(math.cos(math.acos(math.sqrt(a)) / 3) / math.sqrt(a) - 1))


def t_interval(values, level):
    centre = statistics.mean(values)
    reach = student_quantile((1 + level) / 2, len(values) - 1) * math.sqrt(statistics.variance(values) / len(values))
    return [centre - reach, centre + reach]


def welch_interval(a, b, level):
    a_spread, b_spread = (statistics.variance(v) / len(v) for v in (a, b))
    degrees = (a_spread + b_spread) ** 2 / (a_spread ** 2 / (len(a) - 1) + b_spread ** 2 / (len(b) - 1))
    centre = statistics.mean(a) - statistics.mean(b)
    reach = student_quantile((1 + level) / 2, degrees) * math.sqrt(a_spread + b_spread)
    return [centre - reach, centre + reach]


# --- samples and the bootstrap --------------------------------------------------------------------------------------
def trimmed(values):
    ordered = sorted(Fraction(v) for v in values)
    cut = len(ordered) // 4
    return float(statistics.mean(ordered[cut:len(ordered) - cut]))


def type_seven(ordered, fraction):
    position = (len(ordered) - 1) * fraction
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def bootstrap(tasks, seed, resamples, level):
    draw = words(seed, 11)
    results = []
    for _ in range(resamples):
        results.append(trimmed([task[(next(draw) * len(task)) >> 32] for task in tasks for _ in task]))
    results.sort()
    return [type_seven(results, (1 - level) / 2), type_seven(results, (1 + level) / 2)]


def exhaustive(values, level):
    results = sorted(trimmed(r) for r in itertools.product(values, repeat=len(values)))
    return [type_seven(results, (1 - level) / 2), type_seven(results, (1 + level) / 2)]


def sample(count, centre, width):
    return [round(source.gauss(centre, width), 3) for _ in range(count)]


def summaries():
    samples = [sample(n, 30, 12) for n in (2, 3, 4, 5, 7, 10, 33)]
    six = sample(6, 30, 12)
    pair = sample(5, 41.5, 6), sample(9, 33, 2.5)
    tasks = [sample(5, 10, 3), sample(4, 60, 8), sample(6, 30, 2)]
    return {
        'samples': [
            {
                'values': v,
                'mean': float(statistics.mean(map(Fraction, v))),
                'variance': float(statistics.variance(map(Fraction, v))),
                'quartiles': statistics.quantiles(v, n=4, method='inclusive'),
                'interquartileMean': trimmed(v),
                't95': t_interval(v, 0.95),
                't80': t_interval(v, 0.8),
            }
            for v in samples
        ],
        'welch': [
            {'a': a, 'b': b, 'level': level, 'interval': welch_interval(a, b, level)}
            for a, b in (pair, (samples[0], samples[-1]), (samples[3], samples[4]))
            for level in (0.95, 0.8)
        ],
        'studentQuantiles': [
            [p, degrees, student_quantile(p, degrees)]
            for p in (0.6, 0.9, 0.975, 0.9995)
            for degrees in (1, 1.37, 2, 3, 4, 7.25, 30, 123.4, 4000)
        ],
        'bootstrap': [
            {'tasks': t, 'seed': s, 'resamples': 2000, 'level': l, 'interval': bootstrap(t, s, 2000, l)}
            for t, s, l in (([samples[3]], 0, 0.95), ([samples[5]], 4294967295, 0.8), (tasks, 7, 0.95))
        ],
        'exhaustive': {'values': six, 'level': 0.95, 'interval': exhaustive(six, 0.95)},
    }


print(json.dumps({
    'elementary': elementary(),
    'streams': [
        {'seed': 7, 'name': 'data', 'indices': [], 'words': first(7, 1, ())},
        {'seed': 7, 'name': 'evaluation', 'indices': [3], 'words': first(7, 6, (3,))},
        {'seed': 4294967295, 'name': 'viewing', 'indices': [0, 4294967295], 'words': first(4294967295, 9, (0, 4294967295))},
    ],
    'normal': normal(),
    'statistics': summaries(),
}))
