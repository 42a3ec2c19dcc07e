"""The benchmark's updates in PyTorch, eager, as CORL writes them (https://github.com/corl-team/CORL, algorithms/offline: iql.py,
td3_bc.py, sac_n.py): a peer of `npm run bench -- engine`. One CPU thread, or a CUDA device.

CORL's IQL computes V(s') and the advantage once, from V before its step, and reuses them; the lab's computes V again. CORL's
SAC draws the policy's action once for the temperature and once for the policy; here both use one draw, as the lab's does.

Reads one JSON object a line, answers each with one, or with {"error": "..."}:
  {"open": "torch-cpu", "algorithm": "iql", "hidden": 64, "batch": 64, "replicas": 1}  -> {"contender": 0, "version": "..."}
  {"time": 0, "updates": 20}                                                           -> {"milliseconds": 47.1}
  {"close": 0}                                                                         -> {}
"""

import copy
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from torch import nn
from torch.distributions import Normal
from torch.nn import functional

torch.set_num_threads(1)

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


def network(inputs, hidden, outputs, *last):
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs), *last
    )


class TwinCritic(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first = network(OBSERVATION_SIZE + ACTION_SIZE, hidden, 1)
        self.second = network(OBSERVATION_SIZE + ACTION_SIZE, hidden, 1)

    def both(self, observation, action):
        joined = torch.cat([observation, action], 1)
        return self.first(joined).squeeze(-1), self.second(joined).squeeze(-1)

    def forward(self, observation, action):
        return torch.min(*self.both(observation, action))

    def loss(self, observation, action, target):
        return sum(functional.mse_loss(q, target) for q in self.both(observation, action))


class ClippedGaussianPolicy(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.mean = network(OBSERVATION_SIZE, hidden, ACTION_SIZE, nn.Tanh())
        self.log_deviation = nn.Parameter(torch.zeros(ACTION_SIZE))

    def forward(self, observation):
        return Normal(self.mean(observation), torch.exp(self.log_deviation.clamp(-5.0, 2.0)))


class SquashedGaussianPolicy(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.body = network(OBSERVATION_SIZE, hidden, 2 * ACTION_SIZE)

    def forward(self, observation):
        mean, log_deviation = self.body(observation).chunk(2, -1)
        distribution = Normal(mean, torch.exp(log_deviation.clamp(-5.0, 2.0)))
        inside = distribution.rsample()
        action = torch.tanh(inside)
        log_probability = distribution.log_prob(inside).sum(-1) - torch.log(1 - action.pow(2) + 1e-6).sum(-1)
        return action, log_probability


class Learner:
    """Data and the twin critics with their targets, which every algorithm here has."""

    def __init__(self, hidden, batch, device):
        torch.manual_seed(1)
        self.batch, self.device = batch, device
        self.observations = torch.randn(TRANSITIONS, OBSERVATION_SIZE, device=device)
        self.actions = torch.rand(TRANSITIONS, ACTION_SIZE, device=device) * 2 - 1
        self.rewards = torch.randn(TRANSITIONS, device=device)
        self.terminated = (torch.rand(TRANSITIONS, device=device) < 0.01).float()
        self.next_observations = torch.randn(TRANSITIONS, OBSERVATION_SIZE, device=device)
        self.critic = TwinCritic(hidden).to(device)
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        self.critic_optimiser = adam(self.critic)

    def draw(self):
        rows = np.random.randint(0, TRANSITIONS, self.batch)
        return (
            self.observations[rows],
            self.actions[rows],
            self.rewards[rows],
            self.terminated[rows],
            self.next_observations[rows],
        )


class Iql(Learner):
    def __init__(self, hidden, batch, device):
        super().__init__(hidden, batch, device)
        self.value = network(OBSERVATION_SIZE, hidden, 1).to(device)
        self.policy = ClippedGaussianPolicy(hidden).to(device)
        self.value_optimiser, self.policy_optimiser = adam(self.value), adam(self.policy)

    def update(self):
        observation, action, reward, terminated, next_observation = self.draw()
        with torch.no_grad():
            next_value = self.value(next_observation).squeeze(-1)
            promised = self.target(observation, action)

        advantage = promised - self.value(observation).squeeze(-1)
        value_loss = torch.mean(torch.abs(EXPECTILE - (advantage < 0).float()) * advantage**2)
        step(self.value_optimiser, value_loss)

        target = reward + (1.0 - terminated) * DISCOUNT * next_value.detach()
        critic_loss = self.critic.loss(observation, action, target)
        step(self.critic_optimiser, critic_loss)
        follow(self.target, self.critic)

        weight = torch.exp(INVERSE_TEMPERATURE * advantage.detach()).clamp(max=MAXIMAL_WEIGHT)
        likelihood = self.policy(observation).log_prob(action).sum(-1)
        policy_loss = torch.mean(-weight * likelihood)
        step(self.policy_optimiser, policy_loss)
        return value_loss.item(), critic_loss.item(), policy_loss.item()


class Td3Bc(Learner):
    def __init__(self, hidden, batch, device):
        super().__init__(hidden, batch, device)
        self.policy = network(OBSERVATION_SIZE, hidden, ACTION_SIZE, nn.Tanh()).to(device)
        self.target_policy = copy.deepcopy(self.policy).requires_grad_(False)
        self.policy_optimiser = adam(self.policy)
        self.updates = 0

    def update(self):
        observation, action, reward, terminated, next_observation = self.draw()
        with torch.no_grad():
            noise = (torch.randn_like(action) * TARGET_NOISE).clamp(-TARGET_NOISE_CLIP, TARGET_NOISE_CLIP)
            next_action = (self.target_policy(next_observation) + noise).clamp(-1.0, 1.0)
            target = reward + (1.0 - terminated) * DISCOUNT * self.target(next_observation, next_action)
        critic_loss = self.critic.loss(observation, action, target)
        step(self.critic_optimiser, critic_loss)
        losses = [critic_loss.item()]
        self.updates += 1
        if self.updates % POLICY_DELAY == 0:
            chosen = self.policy(observation)
            q = self.critic.first(torch.cat([observation, chosen], 1))
            policy_loss = -q.mean() / q.abs().mean().detach() + CLONING * functional.mse_loss(chosen, action)
            step(self.policy_optimiser, policy_loss)
            losses.append(policy_loss.item())
            follow(self.target, self.critic)
            follow(self.target_policy, self.policy)
        return losses


class Sac(Learner):
    def __init__(self, hidden, batch, device):
        super().__init__(hidden, batch, device)
        self.policy = SquashedGaussianPolicy(hidden).to(device)
        self.policy_optimiser = adam(self.policy)
        self.log_temperature = torch.zeros(1, device=device, requires_grad=True)
        self.temperature_optimiser = torch.optim.Adam([self.log_temperature], lr=LEARNING_RATE)

    def update(self):
        observation, action, reward, terminated, next_observation = self.draw()
        temperature = self.log_temperature.exp().detach()
        with torch.no_grad():
            next_action, next_log_probability = self.policy(next_observation)
            promised = self.target(next_observation, next_action) - temperature * next_log_probability
            target = reward + (1.0 - terminated) * DISCOUNT * promised
        critic_loss = self.critic.loss(observation, action, target)
        step(self.critic_optimiser, critic_loss)

        chosen, log_probability = self.policy(observation)
        policy_loss = (temperature * log_probability - self.critic(observation, chosen)).mean()
        step(self.policy_optimiser, policy_loss)

        temperature_loss = (-self.log_temperature * (log_probability.detach() + TARGET_ENTROPY)).mean()
        step(self.temperature_optimiser, temperature_loss)
        follow(self.target, self.critic)
        return critic_loss.item(), policy_loss.item(), temperature_loss.item()


ALGORITHMS = {"iql": Iql, "td3bc": Td3Bc, "sac": Sac}


def adam(module):
    return torch.optim.Adam(module.parameters(), lr=LEARNING_RATE)


def step(optimiser, loss):
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


@torch.no_grad()
def follow(lagging, learnt):
    for target, source in zip(lagging.parameters(), learnt.parameters()):
        target.data.copy_((1 - TARGET_RATE) * target.data + TARGET_RATE * source.data)


def wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def open_contender(request, contenders):
    device = request["open"].removeprefix("torch-")
    if device == "cuda" and not torch.cuda.is_available():
        return {"error": "PyTorch finds no CUDA device."}
    if request["replicas"] != 1:
        return {"error": "Eager PyTorch trains one learner at a time."}
    contenders.append((ALGORITHMS[request["algorithm"]](request["hidden"], request["batch"], device), device))
    where = "one thread" if device == "cpu" else torch.cuda.get_device_name()
    return {"contender": len(contenders) - 1, "version": f"PyTorch {torch.__version__}, {where}"}


def time_contender(learner, device, updates):
    wait(device)
    start = time.perf_counter()
    for _ in range(updates):
        learner.update()
    wait(device)
    return {"milliseconds": (time.perf_counter() - start) * 1000}


def main():
    contenders = []
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            answer = open_contender(request, contenders)
        elif "time" in request:
            answer = time_contender(*contenders[request["time"]], request["updates"])
        else:
            contenders[request["close"]] = None
            answer = {}
        print(json.dumps(answer), flush=True)


main()
