"""Every figure that srbench makes: what it shows, whose figure it repeats, what makes it, what it needs."""

from __future__ import annotations

from dataclasses import dataclass

_RUN = "a finished run"
_REPORT = "srbench report RUN --figures"


@dataclass(frozen=True)
class Entry:
    """A figure; `repeats` is empty where no paper of srbench's has it."""

    name: str
    shows: str
    repeats: str
    command: str
    needs: str


CATALOGUE = (
    Entry(
        "crops",
        "the reference with boxes, its crops first, then each method's, with the image's scores",
        "SRGAN Fig. 2 and 6, ESRGAN Fig. 7, TSRN Fig. 5 and 6, EnhanceNet's poster",
        "srbench figure crops RUN --image IMAGE --box X,Y,W,H",
        f"{_RUN} with its images; several runs, scales and boxes make rows",
    ),
    Entry(
        "plane",
        "distortion against perception; families (esrgan@0:1:0.1, mix:A,B@0:1:0.1) as curves; PIRM's regions",
        "ESRGAN Fig. 2",
        "srbench figure plane RUN",
        f"{_RUN} with a distortion and a perceptual metric; regions under the protocol pirm",
    ),
    Entry(
        "runtimes",
        "time of one image against a metric, and the methods that no other one beats in both",
        "",
        "srbench figure runtimes RUN --bench FILE",
        f"{_RUN}, and the file of srbench methods bench --out FILE",
    ),
    Entry(
        "brightness",
        "distribution of brightness of outputs and reference, and how much brighter outputs are",
        "ESRGAN Fig. 9a",
        "srbench figure brightness RUN",
        f"{_RUN} with its images and references",
    ),
    Entry(
        "active",
        "share of active neurons of VGG-19 by layer, and feature maps before and after activation",
        "ESRGAN Fig. 6 and section 3.2 (11.17 %)",
        "srbench figure active IMAGE",
        "images; VGG-19 of ImageNet (made weights without it, which the figure says)",
    ),
    Entry(
        "recognition",
        "errors or accuracies of classifiers on outputs, with intervals, beside what papers report",
        "EnhanceNet's poster (recognition), TSRN Tables 1 and 2",
        "srbench figure recognition DIR",
        "a folder of srbench recognition",
    ),
    Entry(
        "2afc",
        "how often metrics agree with people, with intervals, beside what TSRN reports",
        "TSRN Fig. 8",
        "srbench figure 2afc DIR",
        "a folder of srbench bapps-2afc",
    ),
    Entry(
        "mos",
        "distribution of opinion scores of each method with the mean and its interval",
        "SRGAN Fig. 5",
        "srbench figure mos STUDY",
        "a study of opinion scores with answers (srbench study create)",
    ),
    Entry(
        "training",
        "losses and held-out PSNR of trainings over iterations",
        "",
        "srbench figure training RUN",
        "folders of srbench train",
    ),
    Entry("strip", "every image as a dot, a row for each method, by metric", "", _REPORT, _RUN),
    Entry(
        "ranks",
        "mean ranks of methods, and which of them a test cannot tell apart (Demšar 2006)",
        "",
        _REPORT,
        f"{_RUN} of three methods or more",
    ),
    Entry(
        "correlation",
        "Spearman's correlation of each two metrics",
        "",
        _REPORT,
        f"{_RUN} of two metrics or more",
    ),
    Entry(
        "scores",
        "Bradley-Terry scores of methods with intervals",
        "",
        "srbench study analyze STUDY",
        "a study of choices or rankings with answers",
    ),
    Entry(
        "agreement",
        "opinions of people against each metric",
        "",
        "srbench agreement --study STUDY --run RUN",
        "opinions of people on images, and their scores",
    ),
    Entry(
        "atlas",
        "how metrics answer to known distortions, in deviations of a run's methods",
        "",
        "srbench atlas --references DIR --run RUN",
        f"{_RUN} of three methods or more, and a folder of references",
    ),
)
