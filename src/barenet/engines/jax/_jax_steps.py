"""The functions that programs are compiled from: many steps, one gradient, or an evaluation."""

from collections.abc import Callable
from typing import Any

from barenet._expressions import declared
from barenet.engines._engine import Job
from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._jax_model import JaxModel
from barenet.engines.jax._printed_functions import printed_function
from barenet.engines.jax._update_rule import update_rule
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._optimizer import Clipping

#: Squares of numbers up to the largest float32 don't overflow after this factor.
SMALL = 2.0**-64


def learning_function(job: Job, precision: str, *, together: bool = False) -> Callable[..., Any]:
    """Make the function that takes a number of steps, one for each batch.

    There is room for a fixed number of steps, of which it takes those from `start` to before
    `stop`, so that one program takes any number. The curves are the loss and the norm of each step.
    With networks that learn together, some may have fewer steps than others: their batches without
    rows change nothing.
    """
    optimizer = job.optimizer
    assert isinstance(optimizer, Optimizer)
    model = JaxModel(job, precision)
    rule = update_rule(type(optimizer))
    clip = clipping_function(job.clipping)
    averages = optimizer.average > 0

    def take_step(state: Any, inputs: Any, constants: Any, data: Any) -> tuple[Any, Any]:
        jnp = library.jnp
        parameters = state["parameters"]
        batch = model.batch(data, inputs["rows"], inputs["count"])
        value, gradient, statistics = model.value_and_gradient(
            parameters, state["statistics"], batch, inputs["keys"], constants["strengths"]
        )
        norm = gradient_norm(gradient)
        gradient = clip(gradient, norm, constants.get("limit"))
        new_parameters, moments = rule.step(
            parameters, state["moments"], gradient, inputs["factors"]
        )
        if job.limits is not None:
            new_parameters = jnp.clip(new_parameters, constants["lower"], constants["upper"])
        new_state = {"parameters": new_parameters, "statistics": statistics, "moments": moments}
        if averages:
            average = state["average"]
            change = inputs["average_share"] * (new_parameters - average)
            new_state["average"] = average + change
        for part in job.frozen:
            for name, vector in moments.items():
                moments[name] = vector.at[part].set(state["moments"][name][part])
            new_state["parameters"] = new_state["parameters"].at[part].set(parameters[part])
            if averages:
                new_state["average"] = new_state["average"].at[part].set(state["average"][part])
        if together:
            has_rows = inputs["count"] > 0
            new_state = library.jax.tree.map(
                lambda new, old: jnp.where(has_rows, new, old), new_state, state
            )
        return new_state, (value.astype(jnp.float64), norm)

    def learn(
        state: Any, constants: Any, data: Any, inputs: Any, start: Any, stop: Any, curves: Any
    ) -> tuple[Any, Any]:
        jax = library.jax

        def step(index: Any, results: Any) -> tuple[Any, Any]:
            state, curves = results
            inputs_of_step = jax.tree.map(
                lambda values: jax.lax.dynamic_index_in_dim(values, index, keepdims=False), inputs
            )
            state, (loss, norm) = take_step(state, inputs_of_step, constants, data)
            losses = curves["losses"].at[index].set(loss)
            norms = curves["norms"].at[index].set(norm)
            return state, {"losses": losses, "norms": norms}

        results: tuple[Any, Any] = jax.lax.fori_loop(start, stop, step, (state, curves))
        return results

    return learn


def gradient_function(job: Job, precision: str) -> Callable[..., Any]:
    """Make the function that computes the loss of a batch, its gradient and the statistics."""
    model = JaxModel(job, precision)

    def gradient_of(state: Any, constants: Any, data: Any, inputs: Any) -> tuple[Any, Any, Any]:
        batch = model.batch(data, inputs["rows"], inputs["count"])
        return model.value_and_gradient(
            state["parameters"],
            state["statistics"],
            batch,
            inputs["keys"],
            constants["strengths"],
        )

    return gradient_of


def evaluation_function(job: Job, precision: str) -> Callable[..., Any]:
    """Make the function that computes the losses of rows and their outputs."""
    model = JaxModel(job, precision)

    def evaluate(state: Any, constants: Any, data: Any, inputs: Any) -> tuple[Any, Any]:
        batch = model.batch(data, inputs["rows"], inputs["count"])
        return model.losses_and_outputs(state["parameters"], state["statistics"], batch)

    return evaluate


def gradient_norm(gradient: Any) -> Any:
    """Compute √(Σ gᵢ²) as float64, also where the squares overflow."""
    jnp = library.jnp
    squares = (gradient * gradient).sum()
    scaled = gradient * gradient.dtype.type(SMALL)
    scaled_squares = (scaled * scaled).sum()
    norm = jnp.sqrt(squares.astype(jnp.float64))
    large_norm = jnp.sqrt(scaled_squares.astype(jnp.float64)) / SMALL
    return jnp.where(jnp.isfinite(squares), norm, large_norm)


def clipping_function(clipping: Clipping | None) -> Callable[[Any, Any, Any], Any]:
    """Make the function of a gradient, its norm and the limit that returns what is kept."""
    if clipping is None:
        return lambda gradient, norm, limit: gradient
    formula = printed_function(declared(clipping, "formula"), "g", "norm", "c")

    def clip(gradient: Any, norm: Any, limit: Any) -> Any:
        return formula(gradient, norm.astype(gradient.dtype), limit)

    return clip
