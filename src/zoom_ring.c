/* Consistent hashing with several probes. */

#include "zoom_ring.h"

#include "zoom_hash.h"


/* All hosts have the same: no secret, and no defence against chosen keys. */

static const unsigned char  zoom_ring_key[ZOOM_HASH_KEY_LEN] = {
    'z', 'o', 'o', 'm', ' ', 'r', 'i', 'n', 'g'
};


static uint64_t zoom_ring_mix(uint64_t x);
static uint32_t zoom_ring_after(const zoom_ring_t *ring, uint64_t at);
static void zoom_ring_probe(const zoom_ring_t *ring, const uint64_t *at,
    uint32_t *found);


/* A permutation (Stafford's variant 13, the end of splitmix64). */

static uint64_t
zoom_ring_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9;
    x ^= x >> 27;
    x *= 0x94d049bb133111eb;
    x ^= x >> 31;

    return x;
}


/* The i-th point of what has this hash. */

#define zoom_ring_nth(hash, i)                                                \
    zoom_ring_mix((hash) + ((uint64_t) (i) + 1) * 0x9e3779b97f4a7c15)


/* The first point at "at" or behind it, or the number of points. */

static uint32_t
zoom_ring_after(const zoom_ring_t *ring, uint64_t at)
{
    uint32_t  low, high, mid;

    low = 0;
    high = *ring->n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (ring->points[mid].at < at) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return low;
}


/*
 * The same for all probes at once.  Points lie evenly, so the place is guessed,
 * and looked for in a window around it; and probe after probe for each step, so
 * that the processor waits for memory once a step, and not for each of them.
 */

static void
zoom_ring_probe(const zoom_ring_t *ring, const uint64_t *at, uint32_t *found)
{
    uint32_t                  i, n, k, len, half, window;
    const zoom_ring_point_t  *points;

    n = *ring->n;
    points = ring->points;

    window = n / 32 + 16;
    window = (window < n) ? window : n;

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        k = (uint32_t) (((at[i] >> 32) * n) >> 32);
        k = (k > window / 2) ? k - window / 2 : 0;

        found[i] = (k < n - window) ? k : n - window;
    }

    for (len = window; len > 1; len -= half) {
        half = len / 2;

        for (i = 0; i < ZOOM_RING_PROBES; i++) {
            k = found[i] + half;
            found[i] = (points[k - 1].at < at[i]) ? k : found[i];
        }
    }

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        k = found[i];
        k += (points[k].at < at[i]);

        /* seldom it is outside */

        found[i] = ((k == n || points[k].at >= at[i])
                    && (k == 0 || points[k - 1].at < at[i]))
                   ? k : zoom_ring_after(ring, at[i]);
    }
}


void
zoom_ring_add(zoom_ring_t *ring, uint32_t member, zoom_str_t name,
    uint32_t weight)
{
    uint32_t            i, k;
    uint64_t            hash, at;
    zoom_ring_point_t  *p;

    hash = zoom_hash(zoom_ring_key, name);

    for (i = 0; i < weight; i++) {
        at = zoom_ring_nth(hash, i);
        k = zoom_ring_after(ring, at);
        p = &ring->points[k];

        memmove(p + 1, p, (*ring->n - k) * sizeof(zoom_ring_point_t));

        p->at = at;
        p->member = member;

        (*ring->n)++;
    }
}


void
zoom_ring_remove(zoom_ring_t *ring, uint32_t member, zoom_str_t name,
    uint32_t weight)
{
    uint32_t            i, k;
    uint64_t            hash, at;
    zoom_ring_point_t  *p;

    hash = zoom_hash(zoom_ring_key, name);

    for (i = 0; i < weight; i++) {
        at = zoom_ring_nth(hash, i);

        for (k = zoom_ring_after(ring, at); k < *ring->n; k++) {
            p = &ring->points[k];

            if (p->at != at) {
                break;
            }

            if (p->member == member) {
                (*ring->n)--;
                memmove(p, p + 1,
                        (*ring->n - k) * sizeof(zoom_ring_point_t));
                break;
            }
        }
    }
}


void
zoom_ring_search(const zoom_ring_t *ring, zoom_ring_search_t *search,
    zoom_str_t key)
{
    uint32_t  i, k, found[ZOOM_RING_PROBES];
    uint64_t  hash, at[ZOOM_RING_PROBES];

    search->n = *ring->n;
    search->visits = 0;

    if (search->n == 0) {
        return;
    }

    hash = zoom_hash(zoom_ring_key, key);

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        at[i] = zoom_ring_nth(hash, i);
    }

    zoom_ring_probe(ring, at, found);

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        k = (found[i] == search->n) ? 0 : found[i];

        search->probes[i].point = k;
        search->probes[i].distance = ring->points[k].at - at[i];
        search->probes[i].left = search->n;
    }
}


uint32_t
zoom_ring_next(const zoom_ring_t *ring, zoom_ring_search_t *search)
{
    uint32_t  i, best, point, next;

    if (search->n == 0 || search->visits == ZOOM_RING_VISITS) {
        return ZOOM_RING_NONE;
    }

    search->visits++;
    best = ZOOM_RING_PROBES;

    for (i = 0; i < ZOOM_RING_PROBES; i++) {
        if (search->probes[i].left
            && (best == ZOOM_RING_PROBES
                || search->probes[i].distance < search->probes[best].distance))
        {
            best = i;
        }
    }

    if (best == ZOOM_RING_PROBES) {
        return ZOOM_RING_NONE;
    }

    point = search->probes[best].point;
    next = (point + 1 == search->n) ? 0 : point + 1;

    search->probes[best].distance += ring->points[next].at
                                     - ring->points[point].at;
    search->probes[best].point = next;
    search->probes[best].left--;

    return ring->points[point].member;
}
