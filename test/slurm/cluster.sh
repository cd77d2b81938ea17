#!/usr/bin/env bash
# A Slurm of two nodes on this machine alone, for tests:
#   cluster.sh start DIR   writes its files into DIR, starts munged, slurmctld and two slurmd, and returns when both nodes are idle
#   cluster.sh crash DIR N kills the slurmd of node N (n1 or n2) and all that runs there, as a power cut would
#   cluster.sh node DIR N  starts it again
#   cluster.sh stop DIR    ends them by their pid files, and what still runs of their jobs, and removes DIR
# Then `SLURM_CONF=DIR/slurm.conf sbatch ...`. It needs slurm-wlm, munge and root, and neither systemd nor a network: everything listens
# on 127.0.0.1, on ports that were free. Several of them live side by side, each in its own DIR.
# MAX_ARRAY_SIZE (1001) and SLURMD_TIMEOUT_S (10) may be set. Debian's 22.05 was tried.
set -eu
PATH=$PATH:/usr/sbin:/sbin

main() {
  case "${1-} $#" in
    'start 2') start "$(mkdir -p "$2" && cd "$2" && pwd -P)" ;;
    'crash 3') crash_node "$(cd "$2" && pwd -P)" "$3" ;;
    'node 3') start_node "$(cd "$2" && pwd -P)" "$3" ;;
    'stop 2') [ ! -d "$2" ] || stop "$(cd "$2" && pwd -P)" ;;
    *) fail 'usage: cluster.sh start DIR | crash DIR n1|n2 | node DIR n1|n2 | stop DIR' ;;
  esac
}

start() {
  dir=$1
  for program in munged slurmctld slurmd sinfo node; do
    command -v "$program" >/dev/null || fail "$program is not installed"
  done
  [ "$(id -u)" = 0 ] || fail 'must be root'
  [ ${#dir} -le 60 ] || fail "$dir: too long, the name of a socket has at most 107 bytes"
  [ ! -e "$dir/slurm.conf" ] || fail "$dir: was started already"
  chmod 755 "$dir"
  mkdir -p "$dir/run" "$dir/log" "$dir/state" "$dir/n1" "$dir/n2"
  # Another process may take one of the ports between here and there; then the next three are tried.
  for attempt in 1 2 3 4 5; do
    write_config "$dir" && start_daemons "$dir" && wait_for_idle "$dir" && return
    end_daemons "$dir"
  done
  tail -n 5 "$dir"/log/* "$dir"/n?/slurmd.log >&2
  fail "did not come up; its logs are in $dir"
}

write_config() {
  dir=$1
  host=$(hostname -s)
  read -r ctld_port first_port second_port <<<"$(free_ports)"
  # A task that is queued again waits until the credentials of its last start have expired: two minutes unless cred_expire says less.
  cat >"$dir/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ctld_port
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/%n
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/%n/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/%n/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmdTimeout=${SLURMD_TIMEOUT_S:-10}
KillWait=5
MaxArraySize=${MAX_ARRAY_SIZE:-1001}
SchedulerParameters=sched_interval=2,batch_sched_delay=0
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$first_port CPUs=1 RealMemory=500 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$second_port CPUs=1 RealMemory=500 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

free_ports() {
  node -e '
    const { createServer } = require("node:net");
    const servers = [0, 1, 2].map(() => createServer().listen(0, "127.0.0.1"));
    Promise.all(servers.map((server) => new Promise((resolve) => server.once("listening", resolve)))).then(() => {
      console.log(servers.map((server) => server.address().port).join(" "));
      for (const server of servers) server.close();
    });'
}

start_daemons() {
  dir=$1
  if [ ! -e "$dir/munge.key" ]; then
    (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")
  fi
  munged --force --key-file="$dir/munge.key" --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.pid" \
    --log-file="$dir/log/munged.log" --seed-file="$dir/run/munge.seed" 2>>"$dir/log/start.log" || return 1
  slurmctld -f "$dir/slurm.conf" 2>>"$dir/log/start.log" || return 1
  start_node "$dir" n1 && start_node "$dir" n2
}

start_node() {
  slurmd -f "$1/slurm.conf" -N "$2" 2>>"$1/log/start.log"
}

wait_for_idle() {
  for _ in $(seq 1 60); do
    idle=$(SLURM_CONF=$1/slurm.conf timeout 5 sinfo --noheader --Node --states=idle --format=%N 2>>"$1/log/start.log" | wc -l) || idle=0
    [ "$idle" != 2 ] || return 0
    sleep 0.25
  done
  return 1
}

stop() {
  dir=$1
  [ -e "$dir/slurm.conf" ] || fail "$dir: holds no cluster"
  end_daemons "$dir"
  rm -rf "$dir"
}

# Nothing here is worth a clean end.
end_daemons() {
  crash_node "$1" n1
  crash_node "$1" n2
  for pid in $(cat "$1/run/slurmctld.pid" "$1/run/munged.pid" 2>/dev/null); do
    for child in $(children "$pid"); do kill -KILL "$child" 2>/dev/null || true; done
    kill -KILL "$pid" 2>/dev/null || true
  done
  rm -f "$1"/run/*
}

# A slurmd and its steps (which nobody is the parent of) work in the folder of its log; what a step runs is its child, and a process group.
crash_node() {
  pids=$(find /proc/[0-9]*/cwd -maxdepth 0 -lname "$1/$2" 2>/dev/null | cut -d/ -f3) || true
  tasks=$(for pid in $pids; do children "$pid"; done)
  for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
  for task in $tasks; do kill -KILL -- "-$task" 2>/dev/null || kill -KILL "$task" 2>/dev/null || true; done
}

# The parent stands behind the name, which may hold spaces and brackets.
children() {
  for stat in /proc/[0-9]*/stat; do
    { read -r line <"$stat"; } 2>/dev/null || continue
    read -r _ parent _ <<<"${line##*) }"
    [ "$parent" != "$1" ] || echo "${line%% *}"
  done
}

fail() {
  echo "cluster.sh: $1" >&2
  exit 1
}

main "$@"
