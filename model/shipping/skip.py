"""Have an exported graph leave out the layers of the hints when there are no hints.

Without hints they add exactly zero, see `network.py`, but a graph computes zeros at full price: at 384 px a seventh
of a prediction. So they move into an ONNX `If` on the hints' mask. The exporter's own conditional, `torch.cond`,
does not accept maps of symbolic sizes.
"""

from graphlib import TopologicalSorter

from onnx import GraphProto, NodeProto, TensorProto, helper

from photochrom.errors import ModelRejected

_TELLS = tuple(f"network.hint{stride}.tell.weight" for stride in (32, 16, 8, 4))
_CLASSIFY = "network.classify.weight"
_HINTED = "photochrom.hinted"


def skip_hints(graph: GraphProto) -> None:
    """Put the layers of the hints and their spread over the last map into branches, which need a hinted pixel.

    Raises:
        ModelRejected: the graph has no layers of hints.
    """
    layers = {node.input[1]: node.output[0] for node in graph.node if node.op_type == "Conv"}
    if not layers.keys() >= {*_TELLS, _CLASSIFY}:
        raise ModelRejected("The exported graph lost the layers of the hints.")
    spread = _added_to(graph, layers[_CLASSIFY])
    for output in (*(layers[name] for name in _TELLS), *spread):
        _branch(graph, output)
    condition = [
        helper.make_node("ReduceMax", ["hints"], [f"{_HINTED}.most"], "hints.most", keepdims=0),
        helper.make_node("Constant", [], [f"{_HINTED}.zero"], "hints.zero", value_float=0.0),
        helper.make_node("Greater", [f"{_HINTED}.most", f"{_HINTED}.zero"], [_HINTED], "hints.any"),
    ]
    _replace(graph, [*condition, *graph.node])


def put_in_order(graph: GraphProto) -> None:
    """Have every node follow those that it reads, its branches included, which other tools that sort leave out."""
    makers = {name: index for index, node in enumerate(graph.node) for name in node.output if name}
    needs = {
        index: sorted({makers[name] for name in _read(node) if name in makers})
        for index, node in enumerate(graph.node)
    }
    _replace(graph, [graph.node[index] for index in TopologicalSorter(needs).static_order()])


def _added_to(graph: GraphProto, logits: str) -> list[str]:
    """Return what is added to the logits first: the spread; nothing where the answer is not in bins."""
    reached = {"hints"}
    for node in graph.node:
        if not reached.isdisjoint(node.input):
            reached.update(node.output)
    adds = [node for node in graph.node if node.op_type == "Add" and logits in node.input]
    others = [name for node in adds for name in node.input if name != logits]
    return [name for name in others if name in reached]


def _branch(graph: GraphProto, output: str) -> None:
    """Replace the nodes that only `output` needs by an `If` that gives a zero where there are no hints."""
    inside = _needed_alone(graph, output)
    present, absent, shape = f"{output}.present", f"{output}.absent", (1, 1, 1, 1)
    graph.node[inside[-1]].output[0] = present  # names are unique across branches
    shown = helper.make_tensor_value_info(present, TensorProto.FLOAT, None)
    then = helper.make_graph([graph.node[i] for i in inside], f"with.{output}", [], [shown])
    zero = helper.make_tensor("zero", TensorProto.FLOAT, shape, [0.0])
    otherwise = helper.make_graph(
        [helper.make_node("Constant", [], [absent], absent, value=zero)],
        f"without.{output}",
        [],
        [helper.make_tensor_value_info(absent, TensorProto.FLOAT, shape)],
    )
    choose = helper.make_node(
        "If", [_HINTED], [output], f"hints.{output}", then_branch=then, else_branch=otherwise
    )
    gone = set(inside)
    nodes = [
        choose if i == inside[-1] else node
        for i, node in enumerate(graph.node)
        if i not in gone - {inside[-1]}
    ]
    _replace(graph, nodes)


def _needed_alone(graph: GraphProto, output: str) -> list[int]:
    """Return the places, in order, of the node that gives `output` and of all whose results nothing else needs."""
    readers = dict[str, list[int]]()
    for index, node in enumerate(graph.node):
        for name in _read(node):
            readers.setdefault(name, []).append(index)
    shown = {value.name for value in graph.output}
    inside = set[int]()
    for index in reversed(range(len(graph.node))):
        names = set(graph.node[index].output)
        read = [reader for name in names for reader in readers.get(name, [])]
        alone = read and inside.issuperset(read) and shown.isdisjoint(names)
        if output in names or alone:
            inside.add(index)
    return sorted(inside)


def _read(node: NodeProto) -> list[str]:
    """Return what a node reads, its branches included."""
    branches = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    return [*node.input, *(name for branch in branches for inner in branch.node for name in inner.input)]


def _replace(graph: GraphProto, nodes: list[NodeProto]) -> None:
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
