"""The functions that programs are compiled from: many steps, one gradient, or an evaluation."""

from collections.abc import Callable, Sequence
from typing import Any

from barenet._expressions import declared
from barenet.engines._engine import Job
from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._jax_model import JaxModel, divided, joined
from barenet.engines.jax._printed_functions import printed_function, update_rule
from barenet.optimization.optimizers import Optimizer
from barenet.optimization.optimizers._optimizer import Clipping


def learning_function(job: Job, *, together: bool = False) -> Callable[..., Any]:
    """Make the function that takes a number of steps, one for each batch.

    The flat vectors of the parameters, moments and averages are divided before the first step into
    one part for each array of the layers, and written after the last step. The statistics stay a
    flat vector.

    There is room for a fixed number of steps, of which it takes the first `n_steps`, so that one
    program takes any number. The curves, of shape (2, room), are the loss and the gradient's norm
    of each step. With networks that learn together, some may have fewer steps than others: their
    batches without rows change nothing.
    """
    optimizer = job.optimizer
    assert isinstance(optimizer, Optimizer)
    model = JaxModel(job)
    rule = update_rule(type(optimizer))
    clip = clipping_function(job.clipping)
    averages = optimizer.average > 0
    has_limits = job.limits is not None
    layout = job.network.layout

    def updated_part(number: int, part: Any, gradient: Any, inputs: Any, constants: Any) -> Any:
        """Update an array of the parameters, with its moments and its average."""
        parameters, moments = rule.step(
            part["parameters"], part["moments"], gradient, inputs["factors"]
        )
        if has_limits:
            limits = constants["limits"][number]
            parameters = library.jnp.clip(parameters, limits["lower"], limits["upper"])
        new_part = {"parameters": parameters, "moments": moments}
        if averages:
            change = inputs["average_share"] * (parameters - part["average"])
            new_part["average"] = part["average"] + change
        return new_part

    def take_step(state: Any, inputs: Any, constants: Any, data: Any) -> tuple[Any, Any]:
        jnp = library.jnp
        batch = model.batch(data, inputs["rows"], inputs["count"])
        parameters = [part["parameters"] for part in state["parts"]]
        value, gradients, statistics = model.value_and_gradients(
            parameters, state["statistics"], batch, inputs["keys"], constants["strengths"]
        )
        norm = gradient_norm(gradients)
        new_parts = []
        for number, part in enumerate(state["parts"]):
            if model.is_frozen[number]:
                new_parts.append(part)
                continue
            gradient = clip(gradients[number], norm, constants.get("limit"))
            new_parts.append(updated_part(number, part, gradient, inputs, constants))
        new_state = {"parts": new_parts, "statistics": statistics}
        if together:
            has_rows = inputs["count"] > 0
            new_state = library.jax.tree.map(
                lambda new, old: jnp.where(has_rows, new, old), new_state, state
            )
        return new_state, jnp.stack([value.astype(jnp.float64), norm])

    def learn(state: Any, constants: Any, data: Any, inputs: Any, n_steps: Any) -> tuple[Any, Any]:
        jax = library.jax

        def step(index: Any, results: Any) -> tuple[Any, Any]:
            state, curves = results
            inputs_of_step = jax.tree.map(
                lambda values: jax.lax.dynamic_index_in_dim(values, index, keepdims=False), inputs
            )
            state, loss_and_norm = take_step(state, inputs_of_step, constants, data)
            return state, curves.at[:, index].set(loss_and_norm)

        if has_limits:
            constants = {**constants, "limits": divided(constants["limits"], layout)}
        vectors = dict(state)
        statistics = vectors.pop("statistics")
        state = {"parts": divided(vectors, layout), "statistics": statistics}
        curves = library.jnp.zeros((2, len(inputs["count"])))
        state, curves = jax.lax.fori_loop(0, n_steps, step, (state, curves))
        vectors = joined(state["parts"], layout, vectors)
        return {**vectors, "statistics": state["statistics"]}, curves

    return learn


def learning_together(job: Job) -> Callable[..., Any]:
    """Make the function that takes the steps of several networks, which read the same data.

    The state and the constants have a first axis for the networks. In the inputs it is the second
    axis, after that of the steps, and in the curves the third.
    """
    learn = learning_function(job, together=True)
    return library.jax.vmap(learn, in_axes=(0, 0, None, 1, None), out_axes=(0, 2))


def gradient_function(job: Job) -> Callable[..., Any]:
    """Make the function that computes the loss of a batch, its gradient and the statistics."""
    model = JaxModel(job)
    layout = job.network.layout

    def gradient_of(state: Any, constants: Any, data: Any, inputs: Any) -> tuple[Any, Any, Any]:
        parameters = state["parameters"]
        batch = model.batch(data, inputs["rows"], inputs["count"])
        value, gradients, statistics = model.value_and_gradients(
            divided(parameters, layout),
            state["statistics"],
            batch,
            inputs["keys"],
            constants["strengths"],
        )
        gradient = joined(gradients, layout, library.jnp.zeros_like(parameters))
        return value, gradient, statistics

    return gradient_of


def evaluation_function(job: Job) -> Callable[..., Any]:
    """Make the function that computes the losses of rows and their outputs."""
    model = JaxModel(job)

    def evaluate(state: Any, data: Any, inputs: Any) -> tuple[Any, Any]:
        batch = model.batch(data, inputs["rows"], inputs["count"])
        return model.losses_and_outputs(state["parameters"], state["statistics"], batch)

    return evaluate


def gradient_norm(gradients: Sequence[Any]) -> Any:
    """Compute √(Σ gᵢ²) in float64, where the squares of float32 don't overflow.

    The squares of float64 may, as in the reference engine.
    """
    jnp = library.jnp
    sum_of_squares = 0.0
    for gradient in gradients:
        squares = jnp.square(gradient.astype(jnp.float64))
        sum_of_squares = sum_of_squares + squares.sum()
    return jnp.sqrt(sum_of_squares)


def clipping_function(clipping: Clipping | None) -> Callable[[Any, Any, Any], Any]:
    """Make the function of a gradient, its norm and the limit that returns what is kept."""
    if clipping is None:
        return lambda gradient, norm, limit: gradient
    formula = printed_function(declared(clipping, "formula"), "g", "norm", "c")

    def clip(gradient: Any, norm: Any, limit: Any) -> Any:
        return formula(gradient, norm.astype(gradient.dtype), limit)

    return clip
