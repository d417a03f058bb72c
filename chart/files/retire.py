import os, signal, socket, sys, time
address, processes, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
signal.alarm(seconds)
end_of_patience = time.monotonic() + seconds - min(60, seconds // 3)
pod = os.environ["POD_NAME"]
names = [pod] if processes == 1 else [f"{pod}-{i}" for i in range(processes)]
def mine():
    workers = client.sync(client.scheduler.identity)["workers"]
    return {at: worker for at, worker in workers.items() if worker["name"] in names}
def running(worker):
    counts = worker["metrics"].get("task_counts", worker["metrics"])
    return counts.get("executing", 0) + counts.get("long-running", 0)
try:
    host, port = address.split("://")[1].rsplit(":", 1)
    socket.create_connection((host, int(port)), timeout=5).close()
    from distributed import Client
    client = Client(address, timeout=seconds)
    heard = {}
    while workers := mine():
        taking = [at for at, worker in workers.items() if worker["status"] != "closing_gracefully"]
        idle = [at for at, worker in workers.items() if worker["last_seen"] > heard.get(at, 0) and not running(worker)]
        if time.monotonic() > end_of_patience:
            client.retire_workers(workers=list(workers), close_workers=True)
        elif taking:
            client.retire_workers(workers=taking, close_workers=False, remove=False)
            heard.update({at: worker["last_seen"] for at, worker in mine().items() if at in taking})
        elif idle:
            client.retire_workers(workers=idle, close_workers=True)
        time.sleep(0.5)
except Exception as error:
    print(f"retire: {error!r}", file=sys.stderr)
os._exit(0)
