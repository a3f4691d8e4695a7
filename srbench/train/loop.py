"""The training loop: one flat function that reads from top to bottom."""

from __future__ import annotations

import math
import platform
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from srbench.core.records import UserError
from srbench.core.text import duration
from srbench.images.names import existing_folder
from srbench.train import checkpoints
from srbench.train.checkpoints import BEST, LAST, Progress
from srbench.train.contract import Finished
from srbench.train.curves import Curve
from srbench.train.data import open_data
from srbench.train.initialisation import find_start, load_start
from srbench.train.losses import accuracy, crop_border
from srbench.train.networks import (
    build_discriminator,
    build_generator,
    freeze_statistics,
    specification,
    supervised,
)
from srbench.train.objective import Objective, frozen
from srbench.train.optimisation import Average, learning_rate, make_optimizer, set_rate
from srbench.train.patches import Preparer
from srbench.train.perception import open_features
from srbench.train.processes import (
    StopWish,
    choose_precision,
    make_fabric,
    mean_of_all,
    scaler_state,
    set_scaler_state,
    wish_of_all,
)
from srbench.train.validation import mean_score

if TYPE_CHECKING:
    from torch import nn

    from srbench.train.contract import Options, Report
    from srbench.train.recipe import Recipe

_WARM = 5  # iterations
_SEEN = 32  # batches, from which the averaged weights take their statistics


def train(recipe: Recipe, options: Options, report: Report) -> Finished:  # noqa: PLR0912, PLR0915 - flat
    """Trains from the start or from the checkpoint in `options.out`, until the end or a signal."""
    # Devices and data.
    folder = existing_folder(options.out) if options.out.exists() else options.out
    folder.mkdir(parents=True, exist_ok=True)
    last = folder / LAST
    stored = checkpoints.load(last) if last.is_file() else None
    if stored is not None:
        checkpoints.require_recipe(stored, recipe, last)
    elif recipe.start_from is not None:
        find_start(recipe, recipe.start_from)  # missing weights are said before the images are read
    precision = choose_precision(options.device, options.precision, stored and stored["progress"])
    fabric = make_fabric(options.device, options.devices, precision)
    main, rank, world = fabric.is_global_zero, fabric.global_rank, fabric.world_size
    spec = specification(recipe)
    data = open_data(recipe, spec, options, fabric, report)
    if stored is not None:
        checkpoints.require_data(stored, data.images.fingerprint, last)
    pairs, sampler = data.pairs, data.sampler(recipe)
    loader = data.loader(recipe, fabric.device, options.regions)
    prepare = Preparer(spec, fabric.device)

    # Networks, losses and optimisers; the seed decides the initial weights on every process.
    torch.manual_seed(recipe.seed)
    generator, discriminator = build_generator(recipe), build_discriminator(recipe)
    features = open_features(recipe)
    progress = Progress()
    if stored is None and recipe.start_from is not None:
        progress.start = load_start(generator, recipe, recipe.start_from)
    for module in (generator, discriminator):
        if module is not None and recipe.normalisation == "frozen":
            freeze_statistics(module)
    for module in (generator, discriminator, features):
        if module is not None:
            module.to(fabric.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    objective = Objective(recipe, spec, features)
    optimizer = make_optimizer(recipe, generator)
    run_generator, optimizer = fabric.setup(_compiled(supervised(generator, recipe), options), optimizer)
    judging_optimizer: Any = None
    run_discriminator: Any = None
    if discriminator is not None:
        judging_optimizer = make_optimizer(recipe, discriminator)
        run_discriminator, judging_optimizer = fabric.setup(
            _compiled(discriminator, options), judging_optimizer
        )
    average = Average(generator, recipe.average)

    # The checkpoint, where there is one.
    if stored is not None:
        progress = Progress(**stored["progress"])
        generator.load_state_dict(stored["generator"])
        average.module.load_state_dict(stored["average"])
        optimizer.load_state_dict(stored["optimizer"])
        if discriminator is not None:
            discriminator.load_state_dict(stored["discriminator"])
            judging_optimizer.load_state_dict(stored["discriminator_optimizer"])
        set_scaler_state(fabric, stored["scaler"])
        if main:
            report.say(f"going on from iteration {progress.iteration} of {recipe.iterations}")
    machine = f"{platform.machine()}, {_device_name(fabric.device)} x {world}, {precision}"
    if main and progress.machines and progress.machines[-1] != machine:
        report.say(f"until now on {progress.machines[-1]}; from here on {machine}")
    # The last one is the one at work; each is told once.
    progress.machines = [*(one for one in progress.machines if one != machine), machine]

    def state() -> checkpoints.State:
        return {
            "recipe": recipe.as_dict(),
            "data": data.images.fingerprint,
            "progress": asdict(progress),
            "generator": generator.state_dict(),
            "average": average.module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "discriminator": None if discriminator is None else discriminator.state_dict(),
            "discriminator_optimizer": None if discriminator is None else judging_optimizer.state_dict(),
            "scaler": scaler_state(fabric),
        }

    curve = Curve(folder, recipe, progress.iteration) if main else None
    sums: dict[str, torch.Tensor] = {}
    counted = 0
    first_bad = torch.full((), recipe.iterations, dtype=torch.int64, device=fabric.device)
    began = mark = time.monotonic()
    before = progress.seconds
    mark_iteration = progress.iteration
    first = progress.iteration
    report.begin("training", recipe.iterations, first)

    with StopWish() as wish:
        while progress.iteration < recipe.iterations:
            iteration = progress.iteration
            rate = learning_rate(recipe, iteration)
            batch = loader.load(sampler.choose(iteration, rank, world))
            seen, target, base = prepare(batch)

            # The generator.
            set_rate(optimizer, rate)
            output = run_generator(seen)
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
            optimizer.zero_grad()
            fabric.backward(loss)
            if recipe.clip:
                fabric.clip_gradients(run_generator, optimizer, clip_val=recipe.clip / rate)
            if recipe.clip_norm:
                fabric.clip_gradients(run_generator, optimizer, max_norm=recipe.clip_norm)
            optimizer.step()
            average.update()
            values = {"loss": loss, **terms}

            # The discriminator, unless it is right too often already.
            if run_discriminator is not None:
                set_rate(judging_optimizer, rate)
                real, fake = run_discriminator(target), run_discriminator(output.detach())
                judged = objective.discriminator(real, fake)
                if recipe.discriminator_limit >= 1 or progress.accuracy < recipe.discriminator_limit:
                    judging_optimizer.zero_grad()
                    fabric.backward(judged)
                    judging_optimizer.step()
                values["discriminator"] = judged
                values["accuracy"] = accuracy(real, fake, relativistic=objective.relativistic)
                if recipe.discriminator_limit < 1:
                    progress.accuracy = mean_of_all(fabric, values["accuracy"])
            progress.iteration += 1

            # Sums stay on the device; a loss that is not finite is noted there with its iteration.
            for name, value in values.items():
                sums[name] = sums.get(name, torch.zeros((), device=fabric.device)) + value.detach().float()
            bad = ~torch.isfinite(loss.detach())
            if run_discriminator is not None:
                bad |= ~torch.isfinite(judged.detach())
            first_bad = torch.where(bad & (first_bad > iteration), iteration, first_bad)
            counted += 1

            # How long it will take, told once the first iterations, which warm up, are over.
            done = progress.iteration
            if done == first + _WARM:
                warm = time.monotonic()
            if main and done == first + 2 * _WARM:
                each = (time.monotonic() - warm) / _WARM
                left = recipe.iterations - done
                report.say(f"{left} iterations of {each:.2g} s: about {duration(left * each)}")
            if options.estimate and done == first + 2 * _WARM:
                break

            # Everything below happens now and then only.
            finished = done == recipe.iterations
            stopping = wish_of_all(fabric, wish.signal, done)
            validating = bool(pairs) and (done % recipe.validate_every == 0 or finished)
            saving = done % recipe.checkpoint_every == 0 or finished or stopping or validating
            if done % options.log_every and not saving:
                continue
            if int(first_bad) < recipe.iterations or (saving and not _finite(generator)):
                where = min(int(first_bad), iteration) + 1
                kept = f"{last} is kept" if last.is_file() else "there was no checkpoint yet"
                raise UserError(f"the loss is not finite from iteration {where} on; {kept}")
            now = time.monotonic()
            progress.seconds = before + now - began
            speed = (done - mark_iteration) * recipe.batch * world / max(now - mark, 1e-9)
            row: dict[str, float] = {name: float(total) / counted for name, total in sums.items()}
            if saving and main and recipe.normalisation == "batch":
                with fabric.autocast():
                    average.renew(prepare(loader.load(sampler.choose(n)))[0] for n in range(_SEEN))
            if validating and main:
                row["psnr_y"] = mean_score(
                    average.module, spec, pairs, recipe.degradation, str(fabric.device)
                )
            if saving and main:
                if row.get("psnr_y", -math.inf) > progress.best:
                    progress.best, progress.best_iteration = row["psnr_y"], done
                    checkpoints.save(folder / BEST, state())
                checkpoints.save(last, state())
            if curve is not None:
                row |= {"iteration": done, "learning_rate": rate, "images_per_second": speed}
                curve.add({**row, "seconds": progress.seconds})
            report.advance(done, speed, row)
            sums, counted, mark, mark_iteration = {}, 0, time.monotonic(), done
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


def _compiled(module: nn.Module, options: Options) -> nn.Module:
    return torch.compile(module) if options.compiled else module  # type: ignore[return-value]


def _finite(module: nn.Module) -> bool:
    return all(bool(torch.isfinite(parameter).all()) for parameter in module.parameters())


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
