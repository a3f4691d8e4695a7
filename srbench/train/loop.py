"""The training loop: one flat function that reads from top to bottom."""

from __future__ import annotations

import math
import platform
from dataclasses import asdict
from typing import TYPE_CHECKING

import torch

from srbench.core.files import ready_folder
from srbench.core.records import UserError
from srbench.core.text import duration
from srbench.train import checkpoints
from srbench.train.checkpoints import BEST, LAST, Progress
from srbench.train.contract import Finished
from srbench.train.curves import Curve
from srbench.train.data import open_data
from srbench.train.initialisation import find_start
from srbench.train.losses import accuracy, crop_border
from srbench.train.models import make_models
from srbench.train.networks import specification
from srbench.train.objective import frozen
from srbench.train.optimisation import learning_rate, set_rate
from srbench.train.patches import Preparer
from srbench.train.processes import StopWish, choose_precision, make_fabric, mean_of_all, wish_of_all
from srbench.train.tally import Tally
from srbench.train.validation import mean_score

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from srbench.train.contract import Options, Report
    from srbench.train.recipe import Recipe

_SEEN = 32  # batches, from which the averaged weights take their statistics


def train(recipe: Recipe, options: Options, report: Report) -> Finished:  # noqa: PLR0912, PLR0915 - flat
    """Trains from the start or from the checkpoint in `options.out`, until the end or a signal."""
    # Devices and networks: what is missing is said before images are read.
    folder = ready_folder(options.out)
    last = folder / LAST
    stored = _stored(recipe, last)
    precision = choose_precision(options.device, options.precision, stored and stored["progress"])
    fabric = make_fabric(options.device, options.devices, precision)
    main, rank, world = fabric.is_global_zero, fabric.global_rank, fabric.world_size
    spec = specification(recipe)
    models = make_models(recipe, spec, fabric, resumed=stored is not None, compiled=options.compiled)
    objective, discriminator, average = models.objective, models.discriminator, models.average

    # Images.
    data = open_data(recipe, spec, options, fabric, report)
    if stored is not None:
        checkpoints.require_data(stored, data.images.fingerprint, last)
    sampler, loader = data.sampler(recipe), data.loader(recipe, fabric.device, options.regions)
    prepare = Preparer(spec, fabric.device)

    # The checkpoint where there is one.
    progress = Progress(start=models.start)
    if stored is not None:
        progress = Progress(**stored["progress"])
        models.restore(stored, fabric)
        if main:
            report.say(f"going on from iteration {progress.iteration} of {recipe.iterations}")
    machine = f"{platform.machine()}, {_device_name(fabric.device)} x {world}, {precision}"
    _note_machine(progress, machine, main, report)

    def save(path: Path) -> None:
        run = {"recipe": recipe.as_dict(), "data": data.images.fingerprint, "progress": asdict(progress)}
        checkpoints.save(path, run | models.state(fabric))

    curve = Curve(folder, recipe, progress.iteration) if main else None
    tally = Tally(fabric.device, progress.iteration, recipe.iterations, progress.seconds)
    report.begin("training", recipe.iterations, progress.iteration)

    with StopWish() as wish:
        while progress.iteration < recipe.iterations:
            rate = learning_rate(recipe, progress.iteration)
            batch = loader.load(sampler.choose(progress.iteration, rank, world))
            seen, target, base = prepare(batch)

            # The generator.
            set_rate(models.optimizer, rate)
            output = models.run_generator(seen)
            earlier: list[torch.Tensor] = []
            if recipe.supervision:
                *earlier, output = output
            if base is not None:
                output = output + base
            if recipe.border:
                output, target = (crop_border(x, recipe.border) for x in (output, target))
            judge = None if discriminator is None else frozen(discriminator)
            with fabric.autocast():
                terms = objective.generator(output, target, earlier=earlier, masks=batch.masks, judge=judge)
            loss = torch.stack(list(terms.values())).sum()
            models.optimizer.zero_grad()
            fabric.backward(loss)
            if recipe.clip:
                fabric.clip_gradients(models.run_generator, models.optimizer, clip_val=recipe.clip / rate)
            if recipe.clip_norm:
                fabric.clip_gradients(models.run_generator, models.optimizer, max_norm=recipe.clip_norm)
            models.optimizer.step()
            average.update()
            values = {"loss": loss, **terms}

            # The discriminator, unless it is right too often already.
            if discriminator is not None:
                set_rate(models.judging_optimizer, rate)
                real, fake = models.run_discriminator(target), models.run_discriminator(output.detach())
                judged = objective.discriminator(real, fake)
                if recipe.discriminator_limit >= 1 or progress.accuracy < recipe.discriminator_limit:
                    models.judging_optimizer.zero_grad()
                    fabric.backward(judged)
                    models.judging_optimizer.step()
                values["discriminator"] = judged
                values["accuracy"] = accuracy(real, fake, relativistic=objective.relativistic)
                if recipe.discriminator_limit < 1:
                    progress.accuracy = mean_of_all(fabric, values["accuracy"])
            progress.iteration += 1
            done = progress.iteration
            tally.add(values)
            if main and tally.warm:
                left = recipe.iterations - done
                report.say(
                    f"{left} iterations of {tally.pace():.2g} s: about {duration(left * tally.pace())}"
                )
            if options.estimate and tally.warm:
                break

            # Everything below happens now and then only.
            finished = done == recipe.iterations
            stopping = wish_of_all(fabric, wish.signal, done)
            validating = bool(data.pairs) and (done % recipe.validate_every == 0 or finished)
            saving = done % recipe.checkpoint_every == 0 or finished or stopping or validating
            if done % options.log_every and not saving:
                continue
            wrong = tally.gone_wrong()
            if wrong is not None or (saving and not _finite(models.generator)):
                where = done if wrong is None else wrong + 1
                kept = f"{last} is kept" if last.is_file() else "there was no checkpoint yet"
                raise UserError(f"the loss is not finite from iteration {where} on; {kept}")
            row, (progress.seconds, pace) = tally.row(), tally.times()
            speed = pace * recipe.batch * world
            if saving and main and recipe.normalisation == "batch":
                with fabric.autocast():
                    average.renew(prepare(loader.load(sampler.choose(n)))[0] for n in range(_SEEN))
            if validating and main:
                row["psnr_y"] = mean_score(
                    average.module, spec, data.pairs, recipe.degradation, str(fabric.device)
                )
            if saving and main:
                if row.get("psnr_y", -math.inf) > progress.best:
                    progress.best, progress.best_iteration = row["psnr_y"], done
                    save(folder / BEST)
                save(last)
            if curve is not None:
                row |= {"iteration": done, "learning_rate": rate, "images_per_second": speed}
                curve.add({**row, "seconds": progress.seconds})
            report.advance(done, speed, row)
            tally.rest()
            fabric.barrier()
            if stopping:
                break

    # The result: the weights that the recipe keeps.
    if curve is not None:
        curve.close()
    if recipe.keep == "best" and progress.best_iteration and main:
        average.module.load_state_dict(checkpoints.load(folder / BEST)["average"])
    module = average.module.to("cpu", torch.float32)
    return Finished(module, progress, data.images, data.leaks, wish.signal, main)


def _stored(recipe: Recipe, last: Path) -> checkpoints.State | None:
    """The checkpoint of the same recipe; what is missing is said before the images are read."""
    if last.is_file():
        stored = checkpoints.load(last)
        checkpoints.require_recipe(stored, recipe, last)
        return stored
    if recipe.start_from is not None:
        find_start(recipe, recipe.start_from)
    return None


def _note_machine(progress: Progress, machine: str, main: bool, report: Report) -> None:
    """Each machine is told once in `progress`, the one at work last; a change is said."""
    if main and progress.machines and progress.machines[-1] != machine:
        report.say(f"until now on {progress.machines[-1]}; from here on {machine}")
    progress.machines = [*(one for one in progress.machines if one != machine), machine]


def _finite(module: nn.Module) -> bool:
    return all(bool(torch.isfinite(parameter).all()) for parameter in module.parameters())


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
