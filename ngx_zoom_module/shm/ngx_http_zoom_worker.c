#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flying.h"
#include "ngx_http_zoom_worker.h"
#include "ngx_http_zoom_zone.h"


static void ngx_http_zoom_worker_reap(ngx_http_zoom_zone_t *zone,
    ngx_uint_t slot, uint32_t epoch);
static ngx_uint_t ngx_http_zoom_worker_take(ngx_http_zoom_zone_t *zone,
    uint64_t start) ngx_http_zoom_under_lock;
static void ngx_http_zoom_worker_give(ngx_http_zoom_zone_t *zone,
    ngx_uint_t slot, ngx_http_zoom_workers_t *waiters) ngx_http_zoom_under_lock;
static ngx_uint_t ngx_http_zoom_process_gone(ngx_http_zoom_worker_t *slot);
static uint64_t ngx_http_zoom_process_start(ngx_pid_t pid);


static ngx_uint_t  ngx_http_zoom_my_slot = NGX_HTTP_ZOOM_NO_WORKER;


ngx_uint_t
ngx_http_zoom_worker_claim(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_wake_pt handler, ngx_log_t *log)
{
    uint32_t                 epoch;
    uint64_t                 start;
    ngx_uint_t               i, slot;
    ngx_http_zoom_worker_t  *s;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        s = &zone->sh->workers[i];
        epoch = (uint32_t) s->epoch;

        ngx_memory_barrier();

        /* our own pid can only be that of one who had it before us */

        if (s->pid
            && ((ngx_pid_t) s->pid == ngx_pid
                || ngx_http_zoom_process_gone(s)))
        {
            ngx_http_zoom_worker_reap(zone, i, epoch);
        }
    }

    start = ngx_http_zoom_process_start(ngx_pid);

    ngx_http_zoom_zone_lock(zone);

    slot = ngx_http_zoom_worker_take(zone, start);

    ngx_http_zoom_zone_unlock(zone);

    ngx_http_zoom_my_slot = slot;

    if (slot == NGX_HTTP_ZOOM_NO_WORKER) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "zoom: more than %ui worker processes at once, this "
                      "one polls for the others' tokens",
                      ngx_http_zoom_wake_slots(zone->wake));
        return slot;
    }

    if (ngx_http_zoom_wake_listen(zone->wake, slot, handler, log) != NGX_OK) {
        ngx_http_zoom_worker_release(zone);
    }

    return ngx_http_zoom_my_slot;
}


void
ngx_http_zoom_worker_release(ngx_http_zoom_zone_t *zone)
{
    ngx_http_zoom_workers_t  waiters;

    ngx_http_zoom_wake_close();

    if (ngx_http_zoom_my_slot == NGX_HTTP_ZOOM_NO_WORKER) {
        return;
    }

    ngx_memzero(&waiters, sizeof(ngx_http_zoom_workers_t));

    ngx_http_zoom_zone_lock(zone);
    ngx_http_zoom_worker_give(zone, ngx_http_zoom_my_slot, &waiters);
    ngx_http_zoom_zone_unlock(zone);

    ngx_http_zoom_wake_workers(zone->wake, &waiters);

    ngx_http_zoom_my_slot = NGX_HTTP_ZOOM_NO_WORKER;
}


ngx_uint_t
ngx_http_zoom_worker_alive(ngx_http_zoom_zone_t *zone, ngx_uint_t slot,
    uint32_t epoch)
{
    ngx_http_zoom_worker_t  *s;

    if (slot >= NGX_HTTP_ZOOM_MAX_WORKERS) {

        /* it has no slot: the epoch is its pid */

        return kill((ngx_pid_t) epoch, 0) == 0 || ngx_errno != NGX_ESRCH;
    }

    s = &zone->sh->workers[slot];

    if ((uint32_t) s->epoch != epoch) {
        return 0;
    }

    if (!ngx_http_zoom_process_gone(s)) {
        return 1;
    }

    ngx_http_zoom_worker_reap(zone, slot, epoch);

    return 0;
}


/* looking for a process takes a file: by now another may have the slot */

static void
ngx_http_zoom_worker_reap(ngx_http_zoom_zone_t *zone, ngx_uint_t slot,
    uint32_t epoch)
{
    ngx_http_zoom_workers_t  waiters;

    ngx_memzero(&waiters, sizeof(ngx_http_zoom_workers_t));

    ngx_http_zoom_zone_lock(zone);

    if ((uint32_t) zone->sh->workers[slot].epoch == epoch) {
        ngx_http_zoom_worker_give(zone, slot, &waiters);
    }

    ngx_http_zoom_zone_unlock(zone);

    ngx_http_zoom_wake_workers(zone->wake, &waiters);
}


/* under lock; "start" is when we began */

static ngx_uint_t
ngx_http_zoom_worker_take(ngx_http_zoom_zone_t *zone, uint64_t start)
{
    ngx_uint_t               i;
    ngx_http_zoom_worker_t  *s;

    for (i = 0; i < ngx_http_zoom_wake_slots(zone->wake); i++) {
        s = &zone->sh->workers[i];

        if (s->pid == 0) {
            s->epoch++;
            s->start = start;
            s->claims = 0;
            s->pid = ngx_pid;
            return i;
        }
    }

    return NGX_HTTP_ZOOM_NO_WORKER;
}


/* under lock; the flights of the slot are open to whoever waits for them */

static void
ngx_http_zoom_worker_give(ngx_http_zoom_zone_t *zone, ngx_uint_t slot,
    ngx_http_zoom_workers_t *waiters)
{
    ngx_http_zoom_worker_t  *s;

    s = &zone->sh->workers[slot];

    ngx_http_zoom_flying_drop(zone, slot, waiters);

    s->epoch++;
    s->pid = 0;
}


ngx_atomic_t *
ngx_http_zoom_worker_claims(ngx_http_zoom_zone_t *zone)
{
    static ngx_atomic_t  uncounted;

    return (ngx_http_zoom_my_slot == NGX_HTTP_ZOOM_NO_WORKER)
           ? &uncounted
           : &zone->sh->workers[ngx_http_zoom_my_slot].claims;
}


static ngx_uint_t
ngx_http_zoom_process_gone(ngx_http_zoom_worker_t *slot)
{
    uint64_t   start;
    ngx_pid_t  pid;

    pid = (ngx_pid_t) slot->pid;

    if (pid == 0 || pid == ngx_pid) {
        return pid == 0;
    }

    if (kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH) {
        return 1;
    }

    /* the same pid may be another process by now */

    start = ngx_http_zoom_process_start(pid);

    return start != 0 && slot->start != 0 && start != slot->start;
}


/* field 22 of /proc/PID/stat; 0 where there is no such thing */

static uint64_t
ngx_http_zoom_process_start(ngx_pid_t pid)
{
    int          fd;
    char        *p;
    ssize_t      n;
    ngx_uint_t   field;
    char         buf[1024];
    u_char       name[sizeof("/proc//stat") + NGX_INT64_LEN];

    ngx_sprintf(name, "/proc/%P/stat%Z", pid);

    fd = open((char *) name, O_RDONLY|O_CLOEXEC);
    if (fd == -1) {
        return 0;
    }

    n = read(fd, buf, sizeof(buf) - 1);

    (void) close(fd);

    if (n <= 0) {
        return 0;
    }

    buf[n] = '\0';

    /* the name of the program, field 2, may hold anything, ")" included */

    p = strrchr(buf, ')');

    for (field = 2; p && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }

    return p ? strtoull(p + 1, NULL, 10) : 0;
}
