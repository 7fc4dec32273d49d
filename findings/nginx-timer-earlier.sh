#!/bin/sh
#
# Question:      a module of nginx 1.22 sets a timer for 290 ms, and then, since
#                a library such as libcurl asks for it, sets the same timer to
#                5 ms.  When does it fire?
# Likely guess:  after 5 ms: ngx_add_timer() of a timer that is set moves it,
#                as curl_multi_timer_callback's contract wants ("replaces").
# Truth:         after 290 ms.  A timer that is set stays where it is if the new
#                time is less than 300 ms (NGX_TIMER_LAZY_DELAY) from the old
#                one, earlier as well as later.  It moves if it was deleted
#                before, or if it was 300 ms away or more.  Nothing is logged
#                but a line at debug level.
# Source:        nginx, src/event/ngx_event_timer.h, ngx_event_add_timer();
#                libcurl's CURLMOPT_TIMERFUNCTION(3).

set -eu

for tool in apt-get dpkg cc make; do
    if ! command -v $tool > /dev/null; then
        echo "$tool is not installed"
        exit 77
    fi
done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

chmod 755 "$dir"
cd "$dir"

if ! apt-get download -q 'nginx=1.22.1-9+deb12u*' \
         'nginx-dev=1.22.1-9+deb12u*' > download.log 2>&1
then
    echo "nginx 1.22.1 of Debian 12 can't be downloaded"
    exit 77
fi

for deb in ./*.deb; do
    dpkg -x "$deb" root
done

mkdir module logs

cat > module/config <<'EOS'
ngx_addon_name=ngx_timer_earlier_module
ngx_module_type=CORE
ngx_module_name=ngx_timer_earlier_module
ngx_module_srcs="$ngx_addon_dir/ngx_timer_earlier_module.c"
. auto/module
EOS

cat > module/ngx_timer_earlier_module.c <<'EOS'
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


typedef struct {
    const char       *name;
    ngx_msec_t        first;    /* what the timer is set to */
    ngx_msec_t        second;   /* what it is set to at once after that */
    ngx_uint_t        deleted;  /* whether it is deleted in between */

    ngx_event_t       ev;
    ngx_connection_t  c;        /* nginx's debug log reads ev.data */
} ngx_timer_case_t;


static ngx_int_t ngx_timer_earlier_init(ngx_cycle_t *cycle);


static ngx_timer_case_t  ngx_timer_cases[] = {
    { .name = "290, then 5", .first = 290, .second = 5 },
    { .name = "290, deleted, then 5", .first = 290, .second = 5,
      .deleted = 1 },
    { .name = "900, then 5", .first = 900, .second = 5 },
    { .name = NULL }
};

static struct timespec  ngx_timer_start;

static ngx_core_module_t  ngx_timer_earlier_module_ctx = {
    ngx_string("timer_earlier"),
    NULL,
    NULL
};


ngx_module_t  ngx_timer_earlier_module = {
    NGX_MODULE_V1,
    &ngx_timer_earlier_module_ctx,         /* module context */
    NULL,                                  /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_timer_earlier_init,                /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void
ngx_timer_earlier_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c = ev->data;
    ngx_timer_case_t  *tc = c->data;
    struct timespec    now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    ngx_log_error(NGX_LOG_NOTICE, ev->log, 0, "case \"%s\" took %T",
                  tc->name,
                  (time_t) ((now.tv_sec - ngx_timer_start.tv_sec) * 1000
                            + (now.tv_nsec - ngx_timer_start.tv_nsec)
                              / 1000000));
}


static ngx_int_t
ngx_timer_earlier_init(ngx_cycle_t *cycle)
{
    ngx_timer_case_t  *tc;

    ngx_time_update();
    clock_gettime(CLOCK_MONOTONIC, &ngx_timer_start);

    for (tc = ngx_timer_cases; tc->name; tc++) {
        tc->c.fd = (ngx_socket_t) -1;
        tc->c.data = tc;
        tc->ev.data = &tc->c;
        tc->ev.log = cycle->log;
        tc->ev.handler = ngx_timer_earlier_handler;

        ngx_add_timer(&tc->ev, tc->first);

        if (tc->deleted) {
            ngx_del_timer(&tc->ev);
        }

        ngx_add_timer(&tc->ev, tc->second);
    }

    return NGX_OK;
}
EOS

cat > nginx.conf <<EOS
load_module  $dir/objs/ngx_timer_earlier_module.so;
daemon       off;
pid          $dir/logs/pid;
error_log    $dir/logs/error.log notice;
worker_processes  1;
events { worker_connections 16; }
EOS

(
    cd root/usr/share/nginx/src

    # the flags of Debian's own build, a shell array, one that dash cannot read
    flags=$(sed -n 's/^NGX_CONF_FLAGS=(\(.*\))$/\1/p' conf_flags)

    # shellcheck disable=SC2086
    ./configure $flags \
        --add-dynamic-module="$dir/module" --builddir="$dir/objs"
    make -f "$dir/objs/Makefile" modules
) > build.log 2>&1 || {
    tail -5 build.log
    echo "a module can't be built here"
    exit 77
}

nginx=$dir/root/usr/sbin/nginx
"$nginx" -v 2>&1

"$nginx" -c "$dir/nginx.conf" -e "$dir/logs/error.log" > logs/out 2>&1 &
pid=$!

i=0
while [ "$(grep -c 'took' logs/error.log 2> /dev/null || :)" != 3 ] \
    && [ $i -lt 100 ]
do
    sleep 0.1
    i=$((i + 1))
done

kill $pid 2> /dev/null || cat logs/out
wait $pid || :

sed -n 's/.*case "\(.*\)" took \(.*\)$/\1: fired after \2 ms/p' logs/error.log

# A loaded machine makes a timer late, never early; the two that did move are
# given the time that the first one kept.
awk -F'"' '
    / took / { sub(/.*took /, "", $3); t[$2] = $3 + 0 }

    END {
        kept = t["290, then 5"]
        moved = t["290, deleted, then 5"] < kept && t["900, then 5"] < kept
        exit !(kept >= 285 && moved)
    }' logs/error.log || {
    echo "That is not what was seen before."
    exit 1
}
