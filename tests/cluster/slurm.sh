#!/usr/bin/env bash
# A throw-away Slurm on this machine: munged, slurmctld, and two slurmds as nodes n1 and n2. Root only.
# usage: slurm.sh start|stop FOLDER; then: export SLURM_CONF=FOLDER/slurm.conf
# With DBD=1 also MariaDB and slurmdbd, which give a real sacct: without it submitit never hears of a killed job.
# Packages (Debian): slurmctld slurmd slurm-client munge; for DBD also slurmdbd mariadb-server.
set -euo pipefail
verb=$1 root=$(realpath -m "$2") host=$(hostname -s)

stop() {  # by process id alone
  for file in "$root"/slurmd.n?.pid "$root"/slurmctld.pid "$root"/slurmdbd.pid "$root"/mysql/mariadbd.pid "$root"/munge/munged.pid; do
    [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
  done
}

database() {
  local data=$root/mysql socket=$root/mysql/socket
  mkdir -p "$data" && chmod 700 "$data"
  mariadb-install-db --no-defaults --user=root --datadir="$data/data" --auth-root-authentication-method=normal \
    --skip-test-db >"$data/install.log" 2>&1
  setsid mariadbd --no-defaults --user=root --datadir="$data/data" --socket="$socket" --pid-file="$data/mariadbd.pid" \
    --bind-address=127.0.0.1 --port=27306 --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 \
    >"$data/mariadbd.log" 2>&1 </dev/null &
  for _ in $(seq 200); do mariadb-admin --no-defaults -uroot --socket="$socket" ping >/dev/null 2>&1 && break; sleep 0.2; done
  mariadb --no-defaults -uroot --socket="$socket" -e "create database slurm_acct_db;
    create user 'slurm'@'127.0.0.1' identified by 'x'; grant all on slurm_acct_db.* to 'slurm'@'127.0.0.1';"
  cat >"$root/slurmdbd.conf" <<C
AuthType=auth/munge
AuthInfo=socket=$root/munge/munge.socket
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=26819
SlurmUser=root
LogFile=$root/slurmdbd.log
PidFile=$root/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=27306
StorageUser=slurm
StoragePass=x
StorageLoc=slurm_acct_db
C
  chmod 600 "$root/slurmdbd.conf"
  slurmdbd
  for _ in $(seq 100); do timeout 5 sacctmgr -i add cluster mini >/dev/null 2>&1 && break; sleep 0.3; done
}

start() {
  mkdir -p "$root"/{state,spool.n1,spool.n2,munge}
  cat >"$root/slurm.conf" <<C
ClusterName=mini
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$root/munge/munge.socket,cred_expire=5
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool.%n
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd.%n.pid
SlurmctldLogFile=$root/slurmctld.log
SlurmdLogFile=$root/slurmd.%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/$([ -n "${DBD:-}" ] && echo slurmdbd || echo none)
AccountingStorageHost=127.0.0.1
AccountingStoragePort=26819
AccountingStoragePass=$root/munge/munge.socket
ReturnToService=2
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=100000,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
CommunicationParameters=NoInAddrAny
KillWait=5
JobRequeue=1
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[27001-27002] CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=debug Nodes=n[1-2] Default=YES MaxTime=INFINITE DefaultTime=00:30:00 State=UP
C
  [ -s "$root/munge/munge.key" ] || { head -c 128 /dev/urandom >"$root/munge/munge.key"; chmod 600 "$root/munge/munge.key"; }
  munged --force --key-file="$root/munge/munge.key" --socket="$root/munge/munge.socket" \
    --pid-file="$root/munge/munged.pid" --log-file="$root/munge/munged.log" --seed-file="$root/munge/munged.seed" \
    2>"$root/munge/warnings"
  export SLURM_CONF=$root/slurm.conf
  [ -z "${DBD:-}" ] || database
  slurmctld
  for node in n1 n2; do slurmd -N "$node"; done
  for _ in $(seq 100); do
    [ "$(timeout 2 sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] && break
    sleep 0.2
  done
  timeout 5 sinfo
}

"$verb"
