"""Constants, and helpers of common packages: what gives its argument back, what changes no shape."""

from __future__ import annotations

import ast
import math

from shapecheck.dims import UNKNOWN as UNKNOWN_DIM
from shapecheck.dims import number
from shapecheck.interp.library.around import DType, ShapeValue
from shapecheck.interp.library.registry import (
    CONSTANTS,
    HANDLERS,
    Handler,
    Opaque,
    first,
    handles,
    none,
    unknown,
    words,
)
from shapecheck.interp.values import CallArgs, Const, Int, Items, Machine, Number, Unknown, Value
from shapecheck.ops.values import as_int, as_shape

for _name in words("""
    float32 float64 float16 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128
    float8_e4m3fn float8_e5m2
"""):
    CONSTANTS[f"torch.{_name}"] = DType(_name)
for _name, _dtype in {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
}.items():
    CONSTANTS[f"torch.{_name}"] = DType(_dtype)
for _module in ("torch", "math", "numpy"):
    CONSTANTS[f"{_module}.pi"] = Const(math.pi)
    CONSTANTS[f"{_module}.e"] = Const(math.e)
    CONSTANTS[f"{_module}.inf"] = Const(math.inf)
    CONSTANTS[f"{_module}.nan"] = Number()
CONSTANTS["torch.newaxis"] = Const(None)
CONSTANTS["torch.__version__"] = Unknown()

_FIRST = words("""
    tqdm.tqdm tqdm.auto.tqdm tqdm.notebook.tqdm tqdm.std.tqdm tqdm.asyncio.tqdm rich.progress.track
    fastprogress.progress_bar copy.deepcopy copy.copy typing.cast sys.intern tqdm.tqdm_notebook
    alive_progress.alive_it functools.cache atexit.register typing.final typing.no_type_check
""")
for _name in _FIRST:
    HANDLERS[_name] = first

_NONE = words("""
    random.seed random.shuffle numpy.random.seed os.makedirs os.mkdir os.remove shutil.rmtree gc.collect
    logging.basicConfig warnings.filterwarnings warnings.simplefilter warnings.warn time.sleep logging.info
    logging.warning logging.debug logging.error json.dump pickle.dump wandb.init wandb.log wandb.finish wandb.watch
    tqdm.tqdm.write faulthandler.enable sys.exit os.environ.setdefault numpy.save numpy.set_printoptions
""")
for _name in _NONE:
    HANDLERS[_name] = none

_UNKNOWN = words("""
    os.path.exists os.path.dirname os.path.basename os.path.abspath os.listdir os.getenv os.environ.get
    os.cpu_count os.getcwd os.path.isfile os.path.isdir json.load json.loads json.dumps pickle.load time.time
    time.perf_counter datetime.datetime.now glob.glob logging.getLogger
    sys.argv yaml.safe_load yaml.load csv.reader csv.DictReader platform.system re.sub re.findall
    re.match re.search re.compile re.split hashlib.md5 uuid.uuid4
""")
for _name in _UNKNOWN:
    HANDLERS[_name] = unknown


def _numeric(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Number()


for _name in (
    "random.random",
    "random.uniform",
    "random.gauss",
    "math.exp",
    "math.log2",
    "math.sin",
    "math.cos",
    "math.tanh",
    "math.isclose",
):
    HANDLERS[_name] = _numeric


def _whole(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Int(UNKNOWN_DIM)


HANDLERS["random.randint"] = HANDLERS["random.randrange"] = _whole


@handles("tqdm.trange", "tqdm.auto.trange", "tqdm.notebook.trange")
def _trange(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    from shapecheck.interp.values import Builtin

    return machine.call(Builtin("builtins.range"), CallArgs(args.positional, {}, args.nodes), node)


@handles("torch.Size")
def _size(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    given = args.positional[0] if args.positional else Items("tuple", [])
    return ShapeValue(as_shape(given.operand()))


@handles("torch.utils.data.get_worker_info")
def _worker(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
    return Unknown()


_MATH = {
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
    "ceil": math.ceil,
    "floor": math.floor,
    "log10": math.log10,
}


def _computed(name: str) -> Handler:
    def handler(args: CallArgs, machine: Machine, node: ast.AST) -> Value:
        given = args.positional[0].operand() if len(args.positional) == 1 else None
        plain = given if isinstance(given, float) else as_int(given)
        if plain is None:
            return Int(UNKNOWN_DIM) if name in ("ceil", "floor") else Number()
        try:
            result = _MATH[name](plain)
        except (ValueError, OverflowError):
            return Number()
        return Int(number(result)) if isinstance(result, int) else Const(result)

    return handler


for _name in _MATH:
    HANDLERS[f"math.{_name}"] = _computed(_name)


def lookup(name: str) -> Handler | None:
    """Packages whose calls matter to no shape."""
    quiet = (
        "logging.",
        "wandb.",
        "matplotlib.",
        "mlflow.",
        "loguru.",
        "seaborn.",
        "tensorboardX.",
        "warnings.",
        "shutil.",
        "subprocess.",
    )
    return (lambda args, machine, node: Opaque(name)) if name.startswith(quiet) else None
