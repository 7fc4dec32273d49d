/*
 * Walks the zone of a running nginx and says what does not fit together:
 * zone PID SIZE, the master's pid and "zoom_zone" in bytes.  On the last line
 * are the numbers of entries and flights, and of slots of the living.
 */

#include "../../ngx_zoom_module/shm/ngx_http_zoom_zone.c"

#include <signal.h>
#include <stdio.h>


static int  bad;


#define complain(...)  (bad++, printf(__VA_ARGS__), putchar('\n'))


/* the mapping of that size, and a copy of it */

static u_char *
read_zone(const char *pid, size_t size)
{
    int             fd;
    FILE           *maps;
    char           *p, name[64], line[512];
    u_char         *copy;
    unsigned long   start, end;

    snprintf(name, sizeof(name), "/proc/%s/maps", pid);
    maps = fopen(name, "r");

    snprintf(name, sizeof(name), "/proc/%s/mem", pid);
    fd = open(name, O_RDONLY);

    copy = malloc(size);

    if (maps == NULL || fd == -1 || copy == NULL) {
        return NULL;
    }

    while (fgets(line, sizeof(line), maps)) {

        start = strtoul(line, &p, 16);
        end = strtoul(p + 1, &p, 16);

        if (strncmp(p, " rw-s", 5) == 0
            && end - start == size
            && pread(fd, copy, size, start) == (ssize_t) size)
        {
            ((ngx_slab_pool_t *) copy)->data = copy
                + ((u_char *) ((ngx_slab_pool_t *) copy)->data
                   - (u_char *) start);
            return copy;
        }
    }

    return NULL;
}


static void
take_chain(ngx_http_zoom_zone_t *zone, uint32_t n, uint32_t *blocks,
    uint32_t *taken)
{
    for (*blocks = 0; n != NGX_HTTP_ZOOM_NONE; n = zone->blocks[n].next) {

        if (n >= zone->sh->nblocks || taken[n]++) {
            complain("block %u is none or in two chains", n);
            return;
        }

        (*blocks)++;
    }
}


static void
check_blocks(ngx_http_zoom_zone_t *zone)
{
    size_t                  len;
    uint32_t                i, n, *taken;
    ngx_http_zoom_entry_t  *e;

    taken = calloc(zone->sh->nblocks, sizeof(uint32_t));

    take_chain(zone, zone->sh->free_block, &n, taken);

    if (n != zone->sh->nfree) {
        complain("%u free blocks, not %u", n, zone->sh->nfree);
    }

    for (i = 0; i < zone->sh->nentries; i++) {
        e = &zone->entries[i];

        if (!e->used) {
            continue;
        }

        take_chain(zone, e->block, &n, taken);

        len = e->key_len + (e->published ? e->value_len : 0);

        if (n * NGX_HTTP_ZOOM_BLOCK_SIZE < len) {
            complain("entry %u has %u blocks for %zu bytes", i, n, len);
        }
    }

    for (i = 0; i < zone->sh->nblocks; i++) {
        if (!taken[i]) {
            complain("block %u is lost", i);
        }
    }
}


static void
check_entries(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 i, n, used, *seen, *of;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    used = 0;
    seen = calloc(sh->nentries, sizeof(uint32_t));
    of = calloc(sh->nstates, sizeof(uint32_t));

    for (i = 0; i < sh->nbuckets; i++) {
        for (n = zone->buckets[i]; n != NGX_HTTP_ZOOM_NONE; n = e->next) {

            if (n >= sh->nentries || seen[n]++) {
                complain("entry %u is none or in two chains", n);
                return;
            }

            e = &zone->entries[n];
            used++;

            if (!e->used || (e->hash & (sh->nbuckets - 1)) != i) {
                complain("entry %u is in a wrong bucket", n);
            }

            if (e->state < sh->nstates) {
                of[e->state]++;
            }
        }
    }

    if (used != sh->nused) {
        complain("%u entries, not %u", used, sh->nused);
    }

    for (n = sh->free_entry; n != NGX_HTTP_ZOOM_NONE;
         n = zone->entries[n].next)
    {
        if (n >= sh->nentries || seen[n]++ || zone->entries[n].used) {
            complain("free entry %u is none, used or in two chains", n);
            return;
        }
    }

    for (i = 0; i < sh->nentries; i++) {
        if (!seen[i]) {
            complain("entry %u is lost", i);
        }
    }

    for (i = 0; i < sh->nstates; i++) {
        if (of[i] != zone->states[i].entries) {
            complain("account %u has %u entries, not %u", i, of[i],
                     zone->states[i].entries);
        }
    }
}


static void
check_negative(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 i, n, prev, listed, marked;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    listed = 0;
    marked = 0;
    prev = NGX_HTTP_ZOOM_NONE;

    for (n = sh->negative_head; n != NGX_HTTP_ZOOM_NONE; n = e->follow) {

        if (n >= sh->nentries || listed++ > sh->nentries) {
            complain("the list of failures leads nowhere");
            return;
        }

        e = &zone->entries[n];

        if (!e->used || !e->negative || e->published || e->prev != prev) {
            complain("entry %u has no place in the list of failures", n);
        }

        prev = n;
    }

    for (i = 0; i < sh->nentries; i++) {
        e = &zone->entries[i];
        marked += (e->used && e->negative);
    }

    if (prev != sh->negative_tail || listed != sh->nnegative
        || marked != listed)
    {
        complain("%u failures listed, %u marked, %u counted", listed, marked,
                 sh->nnegative);
    }
}


static void
check_slots(ngx_http_zoom_zone_t *zone)
{
    uint32_t   i, slots, flights;
    ngx_pid_t  pid;

    slots = 0;
    flights = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        pid = zone->sh->workers[i].pid;

        /* the next worker gives back those of the dead */

        slots += (pid != 0 && kill(pid, 0) == 0);
    }

    for (i = 0; i < zone->sh->nentries; i++) {
        flights += (zone->entries[i].used && zone->entries[i].flight != 0);
    }

    printf("entries %u flights %u slots %u\n", zone->sh->nused, flights,
           slots);
}


int
main(int argc, char **argv)
{
    u_char                *copy;
    ngx_http_zoom_zone_t   zone;

    copy = (argc == 3) ? read_zone(argv[1], strtoul(argv[2], NULL, 10)) : NULL;

    if (copy == NULL) {
        puts("no zone");
        return 2;
    }

    zone.sh = ((ngx_slab_pool_t *) copy)->data;
    ngx_http_zoom_zone_map(&zone);

    if (zone.sh->seq & 1) {
        complain("a writer is at work, or died");
    }

    check_entries(&zone);
    check_blocks(&zone);
    check_negative(&zone);
    check_slots(&zone);

    return bad ? 1 : 0;
}
