"""The benchmark's updates in JAX, a whole update in one jit: a peer of `npm run bench -- engine`. Runs on JAX's default device;
where that is the CPU, on one core of it.

`jax` calls the jitted update once an update, with donated state. `jax-scan` makes SCAN updates in one call, the most that JAX
can do against its cost of a call. Sixteen replicas are one `vmap` over the state. Products have JAX's default precision, which
is TF32 on recent NVIDIA devices.

Same lines in and out as torch_peer.py, with "open": "jax" or "jax-scan".
"""

import json
import os
import sys
import time
from functools import partial

if not os.path.exists("/dev/nvidia0") and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
# The device is shared with the other contenders.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
from jax import nn, random
from jax import numpy as jnp

# Those of src/compute/bench/problem.ts.
OBSERVATION_SIZE = 11
ACTION_SIZE = 3
TRANSITIONS = 10_000
DISCOUNT = 0.99
LEARNING_RATE = 3e-4
TARGET_RATE = 0.005
EXPECTILE = 0.7
INVERSE_TEMPERATURE = 3.0
MAXIMAL_WEIGHT = 100.0
CLONING = 0.4
TARGET_NOISE = 0.2
TARGET_NOISE_CLIP = 0.5
POLICY_DELAY = 2
TARGET_ENTROPY = -1.0 * ACTION_SIZE

SCAN = 50


def network(key, hidden, inputs, outputs, members=None):
    """Weights and biases of two hidden layers and a linear one, PyTorch's start; with `members`, that many side by side."""
    sizes = [inputs, hidden, hidden, outputs]
    lead = () if members is None else (members,)
    layers = []
    for fan_in, units, layer_key in zip(sizes, sizes[1:], random.split(key, 3)):
        bound = fan_in**-0.5
        weight_key, bias_key = random.split(layer_key)
        weight = random.uniform(weight_key, (*lead, fan_in, units), minval=-bound, maxval=bound)
        layers.append((weight, random.uniform(bias_key, (*lead, units), minval=-bound, maxval=bound)))
    return layers


def forward(layers, x):
    *hidden, (weight, bias) = layers
    for hidden_weight, hidden_bias in hidden:
        x = nn.relu(x @ hidden_weight + hidden_bias)
    return x @ weight + bias


def critics(layers, observation, action):
    """Q of every member, [members, batch]."""
    joined = jnp.concatenate([observation, action], 1)
    return jax.vmap(forward, (0, None))(layers, joined)[..., 0]


def critic_loss(layers, batch, target):
    return jnp.square(critics(layers, batch["observation"], batch["action"]) - target).mean(1).sum()


def adam_start(parameters):
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    return {"mean": zeros, "square": jax.tree.map(jnp.zeros_like, parameters), "count": jnp.zeros((), jnp.int32)}


def adam(parameters, gradients, state):
    count = state["count"] + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["mean"], gradients)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["square"], gradients)
    rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    moved = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), parameters, mean, square)
    return moved, {"mean": mean, "square": square, "count": count}


def minimise(state, name, loss, has_aux=False):
    """An Adam step of one network of the state; the loss and whatever else it gives."""
    value, gradients = jax.value_and_grad(loss, has_aux=has_aux)(state[name])
    parameters, optimiser = adam(state[name], gradients, state["optimisers"][name])
    return {**state, name: parameters, "optimisers": {**state["optimisers"], name: optimiser}}, value


def follow(target, source):
    return jax.tree.map(lambda t, s: t + TARGET_RATE * (s - t), target, source)


def with_targets(networks, *names):
    targets = {f"target_{name}": jax.tree.map(jnp.copy, networks[name]) for name in names}
    return {**networks, **targets, "optimisers": {name: adam_start(networks[name]) for name in networks}}


def iql_start(key, hidden):
    keys = random.split(key, 3)
    networks = {
        "critic": network(keys[0], hidden, OBSERVATION_SIZE + ACTION_SIZE, 1, members=2),
        "value": network(keys[1], hidden, OBSERVATION_SIZE, 1),
        "policy": {"mean": network(keys[2], hidden, OBSERVATION_SIZE, ACTION_SIZE), "log_deviation": jnp.zeros(ACTION_SIZE)},
    }
    return with_targets(networks, "critic")


def iql_update(state, batch, key):
    observation, action = batch["observation"], batch["action"]
    next_value = forward(state["value"], batch["next_observation"])[:, 0]
    promised = critics(state["target_critic"], observation, action).min(0)

    def value_loss(value):
        advantage = promised - forward(value, observation)[:, 0]
        return jnp.mean(jnp.abs(EXPECTILE - (advantage < 0)) * advantage**2), advantage

    def policy_loss(policy):
        log_deviation = jnp.clip(policy["log_deviation"], -5, 2)
        z = (action - jnp.tanh(forward(policy["mean"], observation))) / jnp.exp(log_deviation)
        return jnp.mean(weight * (0.5 * z**2 + log_deviation).sum(1))

    state, (value, advantage) = minimise(state, "value", value_loss, has_aux=True)
    target = batch["reward"] + (1 - batch["terminated"]) * DISCOUNT * next_value
    state, critic = minimise(state, "critic", lambda layers: critic_loss(layers, batch, target))
    weight = jnp.minimum(jnp.exp(INVERSE_TEMPERATURE * advantage), MAXIMAL_WEIGHT)
    state, policy = minimise(state, "policy", policy_loss)
    return {**state, "target_critic": follow(state["target_critic"], state["critic"])}, value + critic + policy


def td3bc_start(key, hidden):
    keys = random.split(key, 2)
    networks = {
        "critic": network(keys[0], hidden, OBSERVATION_SIZE + ACTION_SIZE, 1, members=2),
        "policy": network(keys[1], hidden, OBSERVATION_SIZE, ACTION_SIZE),
    }
    return {**with_targets(networks, "critic", "policy"), "updates": jnp.zeros((), jnp.int32)}


def td3bc_update(state, batch, key):
    observation, action, next_observation = batch["observation"], batch["action"], batch["next_observation"]
    noise = jnp.clip(TARGET_NOISE * random.normal(key, action.shape), -TARGET_NOISE_CLIP, TARGET_NOISE_CLIP)
    next_action = jnp.clip(jnp.tanh(forward(state["target_policy"], next_observation)) + noise, -1, 1)
    promised = critics(state["target_critic"], next_observation, next_action).min(0)
    target = batch["reward"] + (1 - batch["terminated"]) * DISCOUNT * promised
    state, critic = minimise(state, "critic", lambda layers: critic_loss(layers, batch, target))

    def policy_loss(policy):
        chosen = jnp.tanh(forward(policy, observation))
        first = jax.tree.map(lambda array: array[0], state["critic"])
        q = forward(first, jnp.concatenate([observation, chosen], 1))
        scale = jax.lax.stop_gradient(jnp.abs(q).mean())
        return -q.mean() / scale + CLONING * jnp.square(chosen - action).mean()

    def delayed(state):
        state, _ = minimise(state, "policy", policy_loss)
        return {
            **state,
            "target_critic": follow(state["target_critic"], state["critic"]),
            "target_policy": follow(state["target_policy"], state["policy"]),
        }

    state = {**state, "updates": state["updates"] + 1}
    return jax.lax.cond(state["updates"] % POLICY_DELAY == 0, delayed, lambda state: state, state), critic


def sac_start(key, hidden):
    keys = random.split(key, 2)
    networks = {
        "critic": network(keys[0], hidden, OBSERVATION_SIZE + ACTION_SIZE, 1, members=2),
        "policy": network(keys[1], hidden, OBSERVATION_SIZE, 2 * ACTION_SIZE),
        "log_temperature": jnp.zeros(()),
    }
    return with_targets(networks, "critic")


def sac_sample(policy, observation, key):
    mean, log_deviation = jnp.split(forward(policy, observation), 2, 1)
    log_deviation = jnp.clip(log_deviation, -5, 2)
    noise = random.normal(key, mean.shape)
    inside = mean + noise * jnp.exp(log_deviation)
    slope = 2 * (jnp.log(2.0) - inside - nn.softplus(-2 * inside))
    return jnp.tanh(inside), -(0.5 * noise**2 + log_deviation + slope).sum(1)


def sac_update(state, batch, key):
    observation, next_observation = batch["observation"], batch["next_observation"]
    next_key, own_key = random.split(key)
    temperature = jnp.exp(state["log_temperature"])
    next_action, next_log_probability = sac_sample(state["policy"], next_observation, next_key)
    promised = critics(state["target_critic"], next_observation, next_action).min(0) - temperature * next_log_probability
    target = batch["reward"] + (1 - batch["terminated"]) * DISCOUNT * promised
    state, critic = minimise(state, "critic", lambda layers: critic_loss(layers, batch, target))

    def policy_loss(policy):
        chosen, log_probability = sac_sample(policy, observation, own_key)
        q = critics(state["critic"], observation, chosen).min(0)
        return (temperature * log_probability - q).mean(), log_probability

    state, (policy, log_probability) = minimise(state, "policy", policy_loss, has_aux=True)
    shortfall = (log_probability + TARGET_ENTROPY).mean()
    state, entropy = minimise(state, "log_temperature", lambda logarithm: -logarithm * shortfall)
    return {**state, "target_critic": follow(state["target_critic"], state["critic"])}, critic + policy + entropy


ALGORITHMS = {
    "iql": (iql_start, iql_update),
    "td3bc": (td3bc_start, td3bc_update),
    "sac": (sac_start, sac_update),
}


def make_data(key):
    keys = random.split(key, 5)
    return {
        "observation": random.normal(keys[0], (TRANSITIONS, OBSERVATION_SIZE)),
        "action": random.uniform(keys[1], (TRANSITIONS, ACTION_SIZE), minval=-1, maxval=1),
        "reward": random.normal(keys[2], (TRANSITIONS,)),
        "terminated": (random.uniform(keys[3], (TRANSITIONS,)) < 0.01).astype(jnp.float32),
        "next_observation": random.normal(keys[4], (TRANSITIONS, OBSERVATION_SIZE)),
    }


class Learner:
    def __init__(self, executor, algorithm, hidden, batch, replicas):
        start, update = ALGORITHMS[algorithm]
        self.data = make_data(random.key(0))
        self.updates_a_call = SCAN if executor == "jax-scan" else 1

        def one(carry, data):
            state, key = carry
            key, row_key, update_key = random.split(key, 3)
            rows = random.randint(row_key, (batch,), 0, TRANSITIONS)
            state, loss = update(state, {name: field[rows] for name, field in data.items()}, update_key)
            return (state, key), loss

        advance = one if replicas == 1 else jax.vmap(one, (0, None))

        @partial(jax.jit, donate_argnums=0)
        def call(carry, data):
            if self.updates_a_call == 1:
                return advance(carry, data)
            return jax.lax.scan(lambda state, _: advance(state, data), carry, None, length=self.updates_a_call)

        def begin(key):
            return start(key, hidden), key

        self.call = call
        keys = random.split(random.key(1), replicas)
        self.carry = begin(keys[0]) if replicas == 1 else jax.vmap(begin)(keys)

    def time(self, updates):
        """Milliseconds of that many updates; of whole calls, in proportion."""
        calls = -(-updates // self.updates_a_call)
        start = time.perf_counter()
        for _ in range(calls):
            self.carry, _ = self.call(self.carry, self.data)
        jax.block_until_ready(self.carry)
        return (time.perf_counter() - start) * 1000 * updates / (calls * self.updates_a_call)


def version():
    device = jax.devices()[0]
    where = "one core" if device.platform == "cpu" else device.device_kind
    return f"JAX {jax.__version__}, {where}"


def main():
    contenders = []
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            sizes = (request[name] for name in ("algorithm", "hidden", "batch", "replicas"))
            contenders.append(Learner(request["open"], *sizes))
            answer = {"contender": len(contenders) - 1, "version": version()}
        elif "time" in request:
            answer = {"milliseconds": contenders[request["time"]].time(request["updates"])}
        else:
            contenders[request["close"]] = None
            answer = {}
        print(json.dumps(answer), flush=True)


main()
