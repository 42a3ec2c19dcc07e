"""One IQL update in PyTorch on one CPU thread, eager, as CORL writes it (https://github.com/corl-team/CORL,
algorithms/offline/iql.py): a peer of `npm run bench -- engine`.

CORL's update computes V(s') and the advantage once, from V before its step, and reuses them; the lab's computes V again.

Reads one JSON object a line, answers each with one:
  {"hidden": 64, "batch": 64}  makes networks and data   -> {"version": "1.13.0"}
  {"updates": 20}              runs that many updates    -> {"milliseconds": 47.1}
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

OBSERVATION_SIZE = 11
ACTION_SIZE = 3
TRANSITIONS = 10_000
DISCOUNT = 0.99
EXPECTILE = 0.7
INVERSE_TEMPERATURE = 3.0
LEARNING_RATE = 3e-4
TARGET_RATE = 0.005
MAXIMAL_WEIGHT = 100.0


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


class GaussianPolicy(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.mean = network(OBSERVATION_SIZE, hidden, ACTION_SIZE, nn.Tanh())
        self.log_deviation = nn.Parameter(torch.zeros(ACTION_SIZE))

    def forward(self, observation):
        return Normal(self.mean(observation), torch.exp(self.log_deviation.clamp(-5.0, 2.0)))


class Learner:
    def __init__(self, hidden, batch):
        torch.manual_seed(1)
        self.batch = batch
        self.observations = torch.randn(TRANSITIONS, OBSERVATION_SIZE)
        self.actions = torch.rand(TRANSITIONS, ACTION_SIZE) * 2 - 1
        self.rewards = torch.randn(TRANSITIONS)
        self.terminated = (torch.rand(TRANSITIONS) < 0.01).float()
        self.next_observations = torch.randn(TRANSITIONS, OBSERVATION_SIZE)
        self.critic = TwinCritic(hidden)
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        self.value = network(OBSERVATION_SIZE, hidden, 1)
        self.policy = GaussianPolicy(hidden)
        self.critic_optimiser, self.value_optimiser, self.policy_optimiser = (
            torch.optim.Adam(module.parameters(), lr=LEARNING_RATE) for module in (self.critic, self.value, self.policy)
        )

    def update(self):
        rows = np.random.randint(0, TRANSITIONS, self.batch)
        observation, action = self.observations[rows], self.actions[rows]

        with torch.no_grad():
            next_value = self.value(self.next_observations[rows]).squeeze(-1)
            promised = self.target(observation, action)

        advantage = promised - self.value(observation).squeeze(-1)
        value_loss = torch.mean(torch.abs(EXPECTILE - (advantage < 0).float()) * advantage**2)
        step(self.value_optimiser, value_loss)

        target = self.rewards[rows] + (1.0 - self.terminated[rows]) * DISCOUNT * next_value.detach()
        critic_loss = sum(functional.mse_loss(q, target) for q in self.critic.both(observation, action))
        step(self.critic_optimiser, critic_loss)
        with torch.no_grad():
            for lagging, learnt in zip(self.target.parameters(), self.critic.parameters()):
                lagging.data.copy_((1 - TARGET_RATE) * lagging.data + TARGET_RATE * learnt.data)

        weight = torch.exp(INVERSE_TEMPERATURE * advantage.detach()).clamp(max=MAXIMAL_WEIGHT)
        likelihood = self.policy(observation).log_prob(action).sum(-1)
        policy_loss = torch.mean(-weight * likelihood)
        step(self.policy_optimiser, policy_loss)
        return value_loss.item(), critic_loss.item(), policy_loss.item()


def step(optimiser, loss):
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def main():
    learner = None
    for line in sys.stdin:
        request = json.loads(line)
        if "updates" in request:
            start = time.perf_counter()
            for _ in range(request["updates"]):
                learner.update()
            answer = {"milliseconds": (time.perf_counter() - start) * 1000}
        else:
            learner = Learner(request["hidden"], request["batch"])
            answer = {"version": torch.__version__}
        print(json.dumps(answer), flush=True)


main()
