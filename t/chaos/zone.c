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

    copy = aligned_alloc(4096, size);

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


/* of an entry: its own block, and those with the rest */

static uint32_t
take_chain(ngx_http_zoom_zone_t *zone, uint32_t n, uint32_t *taken)
{
    uint32_t  blocks, first;

    blocks = 0;

    for (first = n; n != NGX_HTTP_ZOOM_NONE; n = zone->entries[n].more) {

        if (n >= zone->sh->carved || taken[n]++) {
            complain("block %u is none or in two chains", n);
            break;
        }

        if (n != first && zone->entries[n].used) {
            complain("block %u is an entry and more of another", n);
        }

        blocks++;
    }

    return blocks;
}


static void
check_blocks(ngx_http_zoom_zone_t *zone)
{
    size_t                   len;
    uint32_t                 i, n, nfree, *taken;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    nfree = 0;
    taken = calloc(sh->nentries, sizeof(uint32_t));

    if (sh->carved > sh->nentries || sh->dirty > sh->nentries) {
        complain("%u blocks carved, %u dirty of %u", sh->carved, sh->dirty,
                 sh->nentries);
        return;
    }

    for (n = sh->free_entry; n != NGX_HTTP_ZOOM_NONE;
         n = zone->entries[n].next)
    {
        if (n >= sh->carved || taken[n]++ || zone->entries[n].used) {
            complain("free block %u is none, used or in two chains", n);
            return;
        }

        nfree++;
    }

    if (nfree != sh->nfree) {
        complain("%u free blocks, not %u", nfree, sh->nfree);
    }

    for (i = 0; i < sh->carved; i++) {
        e = &zone->entries[i];

        if (!e->used) {
            continue;
        }

        n = take_chain(zone, i, taken);

        len = e->key_len + (e->published ? e->value_len : 0);

        if (n * NGX_HTTP_ZOOM_DATA_SIZE < len) {
            complain("entry %u has %u blocks for %zu bytes", i, n, len);
        }
    }

    for (i = 0; i < sh->carved; i++) {
        if (!taken[i]) {
            complain("block %u is lost", i);
        }
    }
}


static void
check_rest(ngx_http_zoom_zone_t *zone)
{
    size_t   n;
    u_char  *p;

    p = (u_char *) &zone->entries[ngx_max(zone->sh->carved, zone->sh->dirty)];

    for (n = (u_char *) &zone->entries[zone->sh->nentries] - p; n; n--) {
        if (*p++) {
            complain("there is something beyond the last block carved");
            return;
        }
    }
}


static uint32_t
check_bucket(ngx_http_zoom_zone_t *zone, uint32_t i, uint32_t *seen,
    uint32_t *of)
{
    uint32_t                 n, k, used;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_bucket_t  *bucket;

    used = 0;
    bucket = &zone->buckets[i];

    if (bucket->generation != zone->sh->generation) {
        return 0;
    }

    if (bucket->listed && bucket->used < NGX_HTTP_ZOOM_BUCKET_SLOTS) {
        complain("bucket %u has room and a list", i);
    }

    n = bucket->listed ? bucket->list : NGX_HTTP_ZOOM_NONE;

    for (k = 0; k < bucket->used || n != NGX_HTTP_ZOOM_NONE; /* void */ ) {
        uint32_t  is = (k < bucket->used) ? bucket->entries[k] : n;

        if (is >= zone->sh->carved || seen[is]++) {
            complain("entry %u is none or in two buckets", is);
            break;
        }

        e = &zone->entries[is];
        used++;

        if (!e->used
            || ((uint64_t) e->hash * zone->sh->nbuckets) >> 32 != i
            || (k < bucket->used && bucket->tags[k] != (uint16_t) e->hash))
        {
            complain("entry %u is in a wrong bucket", is);
        }

        if (e->state < zone->sh->nstates) {
            of[e->state]++;
        }

        if (k < bucket->used) {
            k++;

        } else {
            n = e->next;
        }
    }

    return used;
}


static void
check_entries(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 i, used, marked, *seen, *of;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    used = 0;
    marked = 0;
    seen = calloc(sh->nentries, sizeof(uint32_t));
    of = calloc(sh->nstates, sizeof(uint32_t));

    for (i = 0; i < sh->nbuckets; i++) {
        used += check_bucket(zone, i, seen, of);
    }

    for (i = 0; i < sh->carved; i++) {
        marked += zone->entries[i].used;
    }

    if (used != sh->nused || marked != used) {
        complain("%u entries found, %u marked, %u counted", used, marked,
                 sh->nused);
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

    for (i = 0; i < sh->carved; i++) {
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


/* each owner lists its flights, and nobody else's */

static uint32_t
check_flights(ngx_http_zoom_zone_t *zone)
{
    uint32_t                i, n, prev, listed, marked, apart;
    ngx_http_zoom_entry_t  *e;

    listed = 0;
    marked = 0;
    apart = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        prev = NGX_HTTP_ZOOM_NONE;

        for (n = zone->sh->workers[i].flights;
             n != NGX_HTTP_ZOOM_NONE;
             n = e->fly_next)
        {
            if (n >= zone->sh->carved || listed++ > zone->sh->carved) {
                complain("the list of flights of slot %u leads nowhere", i);
                return 0;
            }

            e = &zone->entries[n];

            if (!e->used || !e->flight || e->owner != i
                || e->fly_prev != prev)
            {
                complain("entry %u has no place in the flights of slot %u",
                         n, i);
            }

            prev = n;
        }
    }

    for (i = 0; i < zone->sh->carved; i++) {
        e = &zone->entries[i];

        if (e->used && e->flight) {
            marked++;
            apart += (e->owner == NGX_HTTP_ZOOM_NO_WORKER);
        }
    }

    if (marked != zone->sh->nflying || marked != listed + apart) {
        complain("%u flights listed, %u apart, %u marked, %u counted", listed,
                 apart, marked, zone->sh->nflying);
    }

    return marked;
}


static void
check_slots(ngx_http_zoom_zone_t *zone)
{
    uint32_t   i, slots, flights;
    ngx_pid_t  pid;

    slots = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        pid = zone->sh->workers[i].pid;

        /* the next worker gives back those of the dead */

        slots += (pid != 0 && kill(pid, 0) == 0);
    }

    flights = check_flights(zone);

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
    check_rest(&zone);
    check_negative(&zone);
    check_slots(&zone);

    return bad ? 1 : 0;
}
