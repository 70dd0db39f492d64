"""Write `pytorch.json`: what PyTorch computes, for tests that do without PyTorch.

Run it with any Python that has PyTorch: ``python tests/oracles/make_pytorch.py``. All is float64
on the CPU. Where PyTorch and barenet mean different things by a name, the figures are PyTorch's,
and the test that reads them says how the one becomes the other.
"""

import json
from pathlib import Path

import torch
from torch import optim
from torch.nn import functional as f
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import lr_scheduler

LOGITS = [-50.0, -20.0, -5.0, -1.5, -0.1, 0.0, 0.1, 1.5, 5.0, 20.0, 50.0]
OUTPUT = [[0.3, -1.2, 2.0], [1.1, 0.4, -0.6], [-2.5, 0.0, 0.9], [3.0, -0.7, 0.2]]
TARGET = [[0.0, 1.0, -2.0], [1.5, 0.5, 3.0], [-2.0, 0.25, 0.3], [0.0, 0.0, 0.7]]
CLASSES = [2, 0, 1, 2]
PROBABILITIES = [[0.7, 0.2, 0.1], [0.05, 0.15, 0.8], [0.25, 0.5, 0.25], [0.01, 0.98, 0.01]]
LABELS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
SOFT_LABELS = [[1.0, 0.0, 0.0], [0.1, 0.2, 0.7], [0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]
COUNTS = [[0.0, 1.0, 3.0], [2.0, 0.0, 1.0], [5.0, 1.0, 0.0], [1.0, 1.0, 2.0]]
RATES = [[0.5, 1.5, 2.0], [2.0, 0.1, 0.7], [4.0, 1.0, 0.2], [1.0, 3.0, 2.5]]
WEIGHTS = [1.0, 0.5, 0.0, 2.5]
EXTREME = [[1e4, 0.0, -1e4], [-50.0, 50.0, 0.0], [1.0, 2.0, 3.0], [-1e4, -1e4, -1e4]]

HESSIAN = [[2.0, 0.3, 0.0], [0.3, 0.5, -0.2], [0.0, -0.2, 5.0]]
MINIMUM = [1.0, -2.0, 0.5]
START = [0.0, 0.5, 3.0]
STEP_RATES = [0.1, 0.1, 0.05, 0.2, 0.2, 0.01, 0.1, 0.3, 0.1, 0.05]
LOSSES_OVER_TIME = [1.0, 0.8, 0.8, 0.79999, 0.7, 0.71, 0.72, 0.73, 0.7, 0.7, 0.5, 0.6, 0.6, 0.6]
TOTAL_STEPS = 13


def main() -> None:
    torch.set_default_dtype(torch.float64)
    figures = {
        "torch": torch.__version__,
        "activations": activations(),
        "softmax": softmax(),
        "losses": losses(),
        "batch_norm": batch_norm(),
        "layer_norm": layer_norm(),
        "prelu": prelu(),
        "optimizers": optimizers(),
        "schedules": schedules(),
        "clipping": clipping(),
        "network": network(),
        "frozen": frozen(),
    }
    path = Path(__file__).with_name("pytorch.json")
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size:,} bytes")


def activations() -> dict:
    kinds = {
        "identity": lambda z: z * 1,
        "relu": f.relu,
        "leaky_relu:slope=0.2": lambda z: f.leaky_relu(z, 0.2),
        "selu": f.selu,
        "mish": f.mish,
        "elu": f.elu,
        "elu:alpha=1.5": lambda z: f.elu(z, 1.5),
        "gelu": f.gelu,
        "silu": f.silu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "softplus": lambda z: f.softplus(z, threshold=100),  # never the straight line
        "exponential": torch.exp,
    }
    results = {}
    for spec, function in kinds.items():
        z = torch.tensor(LOGITS, requires_grad=True)
        a = function(z)
        a.sum().backward()
        results[spec] = {"values": a.tolist(), "derivatives": z.grad.tolist()}
    return {"inputs": LOGITS, "results": results}


def softmax() -> dict:
    z = torch.tensor(EXTREME, requires_grad=True)
    a = torch.softmax(z, dim=1)
    a.backward(torch.tensor(OUTPUT))
    return {"Z": EXTREME, "A": a.tolist(), "d_A": OUTPUT, "d_Z": z.grad.tolist()}


def losses() -> dict:
    """Each loss summed over the outputs, and the mean over the rows: plain, and weighted."""
    none = {"reduction": "none"}
    kinds = {
        "squared_error": (OUTPUT, TARGET, lambda p, y: f.mse_loss(p, y, **none)),
        "absolute_error": (OUTPUT, TARGET, lambda p, y: f.l1_loss(p, y, **none)),
        "huber:delta=0.75": (OUTPUT, TARGET, lambda p, y: f.huber_loss(p, y, delta=0.75, **none)),
        "gaussian_nll": (
            [row[:2] for row in OUTPUT],
            [row[:1] * 2 for row in TARGET],
            lambda p, y: f.gaussian_nll_loss(p[:, :1], y[:, :1], p[:, 1:].exp(), full=True, **none),
        ),
        "poisson": (
            RATES,
            COUNTS,
            lambda p, y: f.poisson_nll_loss(p, y, log_input=False, eps=0, **none),
        ),
        "exponential_poisson": (OUTPUT, COUNTS, lambda p, y: f.poisson_nll_loss(p, y, **none)),
        "binary_cross_entropy": (
            PROBABILITIES,
            SOFT_LABELS,
            lambda p, y: f.binary_cross_entropy(p, y, **none),
        ),
        "sigmoid_cross_entropy": (
            EXTREME,
            SOFT_LABELS,
            lambda z, y: f.binary_cross_entropy_with_logits(z, y, **none),
        ),
        "categorical_cross_entropy": (
            PROBABILITIES,
            LABELS,
            lambda p, y: f.nll_loss(p.log(), y.argmax(dim=1), **none)[:, None],
        ),
        "softmax_cross_entropy": (
            EXTREME,
            SOFT_LABELS,
            lambda z, y: f.cross_entropy(z, y, **none)[:, None],
        ),
    }
    results = {spec: loss(*kind) for spec, kind in kinds.items()}
    return {"weights": WEIGHTS, "results": results}


def loss(output: list, target: list, per_entry) -> dict:
    y, w = torch.tensor(target), torch.tensor(WEIGHTS)
    entry = {"output": output, "y": target}
    for name, shares in (("plain", torch.full_like(w, 1 / len(w))), ("weighted", w / w.sum())):
        p = torch.tensor(output, requires_grad=True)
        value = per_entry(p, y).sum(dim=1) @ shares
        value.backward()
        entry[name] = {"value": value.item(), "gradient": p.grad.tolist()}
    return entry


def batch_norm() -> dict:
    layer = torch.nn.BatchNorm1d(3, momentum=0.1, eps=1e-5)
    set_gain_and_bias(layer)
    steps = []
    for X, training in ((OUTPUT, True), (TARGET, True), (OUTPUT[:2], False)):
        layer.train(training)
        steps.append({"training": training, **forward_and_backward(layer, X)})
        steps[-1]["mean"] = layer.running_mean.tolist()
        steps[-1]["variance"] = layer.running_var.tolist()
    return {"steps": steps, "gain": layer.weight.tolist(), "bias": layer.bias.tolist()}


def layer_norm() -> dict:
    layer = torch.nn.LayerNorm(3, eps=1e-5)
    set_gain_and_bias(layer)
    steps = [forward_and_backward(layer, X) for X in (OUTPUT, EXTREME[:3])]
    return {"steps": steps, "gain": layer.weight.tolist(), "bias": layer.bias.tolist()}


def prelu() -> dict:
    layer = torch.nn.PReLU(3)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([0.25, -0.5, 2.0])
    steps = [forward_and_backward(layer, X) for X in (OUTPUT, EXTREME[:3])]
    return {"steps": steps, "slopes": layer.weight.tolist()}


def set_gain_and_bias(layer) -> None:
    with torch.no_grad():
        layer.weight[:] = torch.tensor([1.5, -0.5, 0.8])
        layer.bias[:] = torch.tensor([0.1, 0.0, -2.0])


def forward_and_backward(layer, inputs: list) -> dict:
    layer.zero_grad()
    X = torch.tensor(inputs, requires_grad=True)
    d_output = torch.tensor(WEIGHTS)[: len(inputs), None] + 0.1 * torch.tensor(TARGET)[: len(X)]
    output = layer(X)
    output.backward(d_output)
    return {
        "X": inputs,
        "d_output": d_output.tolist(),
        "output": output.tolist(),
        "d_X": X.grad.tolist(),
        "d_gain": layer.weight.grad.tolist(),
        **({"d_bias": layer.bias.grad.tolist()} if hasattr(layer, "bias") else {}),
    }


def optimizers() -> dict:
    """Ten steps down a bowl, each from its own start and with its own gradient."""
    kinds = {
        "sgd:learning_rate=0.1": lambda p: optim.SGD(p, lr=0.1),
        "momentum:learning_rate=0.05,beta=0.8": lambda p: optim.SGD(p, lr=0.05, momentum=0.8),
        "nesterov:learning_rate=0.05,beta=0.8": lambda p: optim.SGD(
            p, lr=0.05, momentum=0.8, nesterov=True
        ),
        "adagrad:learning_rate=0.5": lambda p: optim.Adagrad(p, lr=0.5),
        "rmsprop:learning_rate=0.05,decay=0.9,epsilon=1e-3": lambda p: optim.RMSprop(
            p, lr=0.05, alpha=0.9, eps=1e-3
        ),
        "adam:learning_rate=0.2": lambda p: optim.Adam(p, lr=0.2),
        "adam:learning_rate=0.2,beta1=0.7,beta2=0.9,epsilon=1e-2": lambda p: optim.Adam(
            p, lr=0.2, betas=(0.7, 0.9), eps=1e-2
        ),
        "adamw:learning_rate=0.2,weight_decay=0.3": lambda p: optim.AdamW(
            p, lr=0.2, weight_decay=0.3
        ),
    }
    return {
        "hessian": HESSIAN,
        "minimum": MINIMUM,
        "start": START,
        "rates": STEP_RATES,
        "paths": {spec: path(make, None) for spec, make in kinds.items()},
        # PyTorch's momentum holds the rate outside of the velocity, so a rate that changes is
        # another thing there; the rules without a velocity agree.
        "paths_with_rates": {
            spec: path(kinds[spec], STEP_RATES)
            for spec in kinds
            if not spec.startswith(("momentum", "nesterov"))
        },
    }


def path(make, rates: list | None) -> list:
    theta = torch.tensor(START, requires_grad=True)
    hessian, minimum = torch.tensor(HESSIAN), torch.tensor(MINIMUM)
    optimizer = make([theta])
    points = []
    for step in range(10):
        if rates is not None:
            optimizer.param_groups[0]["lr"] = rates[step]
        optimizer.zero_grad()
        distance = theta - minimum
        (0.5 * distance @ hessian @ distance).backward()
        optimizer.step()
        points.append(theta.tolist())
    return points


def schedules() -> dict:
    """The rate before each step, from a rate of 1."""
    return {
        "total_steps": TOTAL_STEPS,
        "step": rates(lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.5)),
        "exponential": rates(lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9)),
        "cosine": rates(
            lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=TOTAL_STEPS - 1, eta_min=0.05)
        ),
        "one_cycle": rates(
            lambda o: lr_scheduler.OneCycleLR(
                o, max_lr=1.0, total_steps=TOTAL_STEPS, pct_start=0.3, cycle_momentum=False
            )
        ),
        "losses": LOSSES_OVER_TIME,
        "reduce_on_plateau": {str(patience): plateau(patience) for patience in (0, 1, 2)},
    }


def rates(make) -> list:
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    values = []
    for _ in range(TOTAL_STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(values) < TOTAL_STEPS:
            scheduler.step()
    return values


def plateau(patience: int) -> list:
    """The rate after each loss was seen."""
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience, threshold=1e-4, threshold_mode="rel"
    )
    values = []
    for loss_of_epoch in LOSSES_OVER_TIME:
        scheduler.step(loss_of_epoch)
        values.append(optimizer.param_groups[0]["lr"])
    return values


def clipping() -> dict:
    gradient = [3.0, -4.0, 0.5, 12.0]
    return {
        "gradient": gradient,
        "norm": {str(limit): clipped(clip_grad_norm_, gradient, limit) for limit in (0.5, 5, 100)},
        "value": {
            str(limit): clipped(clip_grad_value_, gradient, limit) for limit in (0.5, 5, 100)
        },
    }


def clipped(clip, gradient: list, limit: float) -> list:
    theta = torch.zeros(len(gradient), requires_grad=True)
    theta.grad = torch.tensor(gradient)
    clip([theta], limit)
    return theta.grad.tolist()


def network() -> dict:
    """3-4 tanh, LayerNorm, 4-3: its loss and the gradient of each of its arrays."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.LayerNorm(4), torch.nn.Linear(4, 3)
    )
    X = torch.tensor(OUTPUT)
    figures = {"X": OUTPUT, "classes": CLASSES, "targets": TARGET}
    figures["parameters"] = {name: p.tolist() for name, p in model.named_parameters()}
    figures["output"] = model(X).tolist()
    values = {
        "categorical_cross_entropy": lambda z: f.cross_entropy(z, torch.tensor(CLASSES)),
        "squared_error": lambda z: (z - torch.tensor(TARGET)).square().sum(dim=1).mean() / 2,
    }
    for name, value_of in values.items():
        model.zero_grad()
        value = value_of(model(X))
        value.backward()
        gradients = {name: p.grad.tolist() for name, p in model.named_parameters()}
        figures[name] = {"value": value.item(), "gradients": gradients}
    return figures


def frozen() -> dict:
    """Steps of 3-4, batch norm, tanh, 4-4 tanh, 4-3, of which the first two layers are frozen."""
    kinds = {
        "sgd:learning_rate=0.1": lambda p: optim.SGD(p, lr=0.1),
        "momentum:learning_rate=0.05,beta=0.8": lambda p: optim.SGD(p, lr=0.05, momentum=0.8),
        "adagrad:learning_rate=0.1": lambda p: optim.Adagrad(p, lr=0.1),
        "rmsprop:learning_rate=0.05,decay=0.9": lambda p: optim.RMSprop(p, lr=0.05, alpha=0.9),
        "adam:learning_rate=0.1": lambda p: optim.Adam(p, lr=0.1),
        "adamw:learning_rate=0.1,weight_decay=0.3": lambda p: optim.AdamW(
            p, lr=0.1, weight_decay=0.3
        ),
    }
    figures = {"n_steps": 6, "limit": 0.2}
    torch.manual_seed(0)
    start = {name: p.tolist() for name, p in frozen_model().named_parameters()}
    figures["start"] = start
    figures["ends"] = {}
    for spec, make in kinds.items():
        for limit in (None, figures["limit"]):
            end = train_frozen(start, make, figures["n_steps"], limit)
            figures["ends"][f"{spec} {limit}"] = end
    return figures


def frozen_model() -> torch.nn.Sequential:
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4),
        torch.nn.BatchNorm1d(4),
        torch.nn.Tanh(),
        torch.nn.Linear(4, 4),
        torch.nn.Tanh(),
        torch.nn.Linear(4, 3),
    )


def train_frozen(start: dict, make, n_steps: int, limit: float | None) -> dict:
    model = frozen_model()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter[:] = torch.tensor(start[name])
    for layer in model[:2]:
        layer.requires_grad_(False)
    optimizer = make(model.parameters())
    for _ in range(n_steps):
        optimizer.zero_grad()
        error = model(torch.tensor(OUTPUT)) - torch.tensor(TARGET)
        (error.square().sum(dim=1).mean() / 2).backward()
        if limit is not None:
            clip_grad_norm_(model.parameters(), limit)
        optimizer.step()
    return {
        **{name: p.tolist() for name, p in model.named_parameters()},
        "running_mean": model[1].running_mean.tolist(),
        "running_var": model[1].running_var.tolist(),
    }


if __name__ == "__main__":
    main()
