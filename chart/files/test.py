# Every worker runs a task and sees the environment of one of the groups.
# Arguments: scheduler address, workers to wait for, the groups' environments as JSON.
import json, os, sys
from distributed import Client
address, wanted, groups = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
client = Client(address, timeout=60)
if wanted:
    client.wait_for_workers(wanted, timeout=180)
workers = list(client.scheduler_info(n_workers=-1)["workers"])
for worker in workers:
    assert client.submit(sum, [1, 2, 3], workers=[worker], pure=False).result(timeout=60) == 6, worker
seen = {worker: {} for worker in workers}
for name in sorted({name for group in groups for name in group}):
    for worker, value in client.run(os.getenv, name, workers=workers).items():
        seen[worker][name] = value
for worker, env in seen.items():
    wrong = [[name for name in group if env[name] != group[name]] for group in groups]
    if all(wrong):
        sys.exit(f"{worker} does not see the variables it was given: {min(wrong, key=len)}")
print(f"{len(workers)} workers ran a task and see their environment")
