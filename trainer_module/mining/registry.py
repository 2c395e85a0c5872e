"""The miner that a recipe names."""

from trainer_module.mining.base import Miner
from trainer_module.mining.miners import MINERS
from trainer_module.registry import Parts

MINING: Parts[Miner] = Parts("mining", MINERS)
