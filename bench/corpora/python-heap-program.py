# A Python program with much state, whose heap is read from outside while it waits: syntax trees of
# the standard library, linked objects, dictionaries and parsed JSON. Usage: BYTES TEXT_FILE.
import ast, gc, glob, json, os, random, re, sys

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

wanted = int(sys.argv[1])
rng = random.Random(11)
text = open(sys.argv[2], "rb").read(1 << 20).decode("utf-8", "replace")
words = sorted(set(re.findall(r"[A-Za-z]{3,12}", text)))


def held():
    # Not ru_maxrss: it starts at what the process that forked this one held, however large.
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE_BYTES


class Node:
    def __init__(self, number, others):
        self.number = number
        self.name = "node %d %s" % (number, rng.choice(words))
        self.weight = rng.random()
        self.tags = {rng.choice(words): rng.randrange(1000)}
        self.children = [rng.choice(others) for _ in range(rng.randrange(4))] if others else []


start = held()
trees, nodes, records = [], [], []
for path in sorted(glob.glob(os.path.join(os.path.dirname(ast.__file__), "*.py"))):
    if held() > start + wanted // 3:
        break
    with open(path, errors="replace") as file:
        trees.append(ast.parse(file.read()))
while held() < start + wanted * 2 // 3:
    nodes.extend([Node(len(nodes) + at, nodes) for at in range(1000)])
while held() < start + wanted * 11 // 10:
    batch = [
        {"id": len(records) + at, "name": rng.choice(words), "price": rng.randrange(10**6) / 100,
         "tags": [rng.choice(words) for _ in range(rng.randrange(5))], "ok": rng.random() < 0.5}
        for at in range(1000)
    ]
    records.extend(json.loads(json.dumps(batch)))
for at in range(0, len(nodes), 5):
    nodes[at] = None
gc.collect()
nodes.extend([Node(len(nodes) + at, records) for at in range(len(nodes) // 6)])
print("ready", flush=True)
sys.stdin.read()
