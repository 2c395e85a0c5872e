"""The miner that a recipe names."""

from trainer_module.mining.miner import Miner
from trainer_module.mining.table import MINERS
from trainer_module.parts import Parts

MINING: Parts[Miner] = Parts("mining", MINERS)
