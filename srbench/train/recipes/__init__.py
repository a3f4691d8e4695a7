"""The recipes, one file per paper."""

from __future__ import annotations

from srbench.core.registry import Registry
from srbench.train.recipe import Recipe
from srbench.train.recipes.drcn import DRCN
from srbench.train.recipes.edsr import EDSR
from srbench.train.recipes.enhancenet import ENHANCENET
from srbench.train.recipes.espcn import ESPCN
from srbench.train.recipes.esrgan import ESRGAN
from srbench.train.recipes.fsrcnn import FSRCNN
from srbench.train.recipes.lapsrn import LAPSRN
from srbench.train.recipes.rcan import RCAN
from srbench.train.recipes.srcnn import SRCNN
from srbench.train.recipes.srgan import SRGAN
from srbench.train.recipes.tsrn import TSRN
from srbench.train.recipes.vdsr import VDSR

RECIPES: Registry[Recipe] = Registry("recipe", group=None)

for _recipe in (SRCNN, ESPCN, FSRCNN, VDSR, DRCN, *LAPSRN, *EDSR, RCAN, *SRGAN, *ENHANCENET, *ESRGAN, *TSRN):
    RECIPES.add(_recipe.name, _recipe)
