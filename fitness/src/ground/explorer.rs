//! What the tiles that somebody has been to amount to: how many, the largest square, the largest cluster, and how often.

use std::collections::{HashMap, HashSet};

use super::{Cells, Tile};

/// The tiles of a zoom that were visited, from north to south and in a row from west to east.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tiles(Vec<Tile>);

/// A square of visited tiles, by its north-western one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square {
    pub x: u32,
    pub y: u32,
    pub side: u32,
}

/// How many outings went through each tile of a zoom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heat(pub Vec<(Tile, u32)>);

impl Tiles {
    /// The tiles of a zoom that these outings went through.
    pub fn of<'a>(zoom: u32, outings: impl IntoIterator<Item = &'a Cells>) -> Self {
        let mut tiles: Vec<Tile> = Vec::new();
        for cells in outings {
            tiles.extend(cells.tiles(zoom));
        }
        tiles.sort_unstable();
        tiles.dedup();
        Self(tiles)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The largest square of which every tile was visited; of equal ones the northernmost.
    pub fn square(&self) -> Option<Square> {
        let mut sides: HashMap<Tile, u32> = HashMap::with_capacity(self.0.len());
        let mut best: Option<Square> = None;
        for &tile in &self.0 {
            let side_of = |west: u32, north: u32| {
                let before = Tile { x: tile.x.checked_sub(west)?, y: tile.y.checked_sub(north)? };
                sides.get(&before).copied()
            };
            let before = [side_of(1, 0), side_of(0, 1), side_of(1, 1)];
            let side = before.into_iter().map(|side| side.unwrap_or(0)).min().unwrap_or(0) + 1;
            sides.insert(tile, side);
            if best.is_none_or(|best| side > best.side) {
                best = Some(Square { x: tile.x + 1 - side, y: tile.y + 1 - side, side });
            }
        }
        best
    }

    /// How many tiles the largest cluster has: connected tiles all four of whose neighbours were visited.
    pub fn cluster(&self) -> usize {
        let all: HashSet<Tile> = self.0.iter().copied().collect();
        let is_inner = |tile: &&Tile| neighbours(**tile).all(|beside| all.contains(&beside));
        let mut open: HashSet<Tile> = self.0.iter().filter(is_inner).copied().collect();
        let mut most = 0;
        for tile in &self.0 {
            let mut edge: Vec<Tile> = open.take(tile).into_iter().collect();
            let mut count = 0;
            while let Some(tile) = edge.pop() {
                count += 1;
                edge.extend(neighbours(tile).filter_map(|beside| open.take(&beside)));
            }
            most = most.max(count);
        }
        most
    }

    /// Runs of tiles in a row: the westernmost, and how many.
    pub fn runs(&self) -> Vec<(Tile, u32)> {
        let is_next = |one: &Tile, other: &Tile| one.y == other.y && one.x + 1 == other.x;
        self.0.chunk_by(is_next).map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX))).collect()
    }

    /// How many of these are not among others.
    pub fn beyond(&self, others: &Self) -> usize {
        self.0.iter().filter(|tile| others.0.binary_search(tile).is_err()).count()
    }
}

impl Heat {
    /// Counts the outings that went through each tile of a zoom.
    pub fn of<'a>(zoom: u32, outings: impl IntoIterator<Item = &'a Cells>) -> Self {
        Self::within(zoom, outings, |_| true)
    }

    /// The same of the tiles that are asked for.
    pub fn within<'a>(
        zoom: u32,
        outings: impl IntoIterator<Item = &'a Cells>,
        is_asked: impl Fn(&Tile) -> bool,
    ) -> Self {
        let tiles = outings.into_iter().flat_map(|cells| cells.tiles(zoom));
        let mut tiles: Vec<Tile> = tiles.filter(|tile| is_asked(tile)).collect();
        tiles.sort_unstable();
        let counted = tiles.chunk_by(|one, other| one == other);
        Self(counted.map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX))).collect())
    }
}

fn neighbours(tile: Tile) -> impl Iterator<Item = Tile> {
    let Tile { x, y } = tile;
    // At the edge of the map there is none, and a tile there is no inner one.
    let beside = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
    beside.into_iter().map(|(x, y)| Tile { x, y })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(map: &str) -> Tiles {
        let rows = map.lines().map(str::trim).filter(|row| !row.is_empty()).enumerate();
        let tiles = rows.flat_map(|(y, row)| {
            let visited = row.chars().enumerate().filter(|(_, letter)| *letter == '#');
            visited.map(move |(x, _)| Tile { x: 10 + x as u32, y: 20 + y as u32 })
        });
        Tiles(tiles.collect())
    }

    fn check(map: &str, square: Option<(u32, u32, u32)>, cluster: usize) {
        let tiles = drawn(map);
        let found = tiles.square().map(|Square { x, y, side }| (x - 10, y - 20, side));
        assert_eq!((found, tiles.cluster()), (square, cluster), "{map}");
    }

    #[test]
    fn a_square_and_a_cluster_of_a_drawn_map() {
        check("", None, 0);
        check("#", Some((0, 0, 1)), 0);
        check(
            "
            ####.
            #####
            .####
            ..#..
            ",
            Some((1, 0, 3)),
            4,
        );
        check(
            "
            ###...#.
            ###..###
            ###...##
            ..######
            ",
            Some((0, 0, 3)),
            1,
        );
    }

    #[test]
    fn the_edge_of_the_map_is_no_neighbour() {
        let tiles = Tiles(vec![Tile { x: 0, y: 0 }, Tile { x: 1, y: 0 }, Tile { x: 0, y: 1 }]);
        assert_eq!((tiles.cluster(), tiles.square().map(|square| square.side)), (0, Some(1)));
    }

    #[test]
    fn runs_are_rows_without_a_hole() {
        let runs: Vec<_> =
            drawn("##.#\n.###").runs().iter().map(|(tile, count)| (tile.x, tile.y, *count)).collect();
        assert_eq!(runs, [(10, 20, 2), (13, 20, 1), (11, 21, 3)]);
    }

    #[test]
    fn heat_counts_an_outing_once_a_tile() {
        let cells = |steps: &[u8]| Cells::unpack(steps).unwrap();
        let heat = Heat::of(18, [&cells(&[0, 1]), &cells(&[0, 2]), &cells(&[1])]);
        let told: Vec<_> = heat.0.iter().map(|(tile, count)| (tile.x, tile.y, *count)).collect();
        assert_eq!(told, [(0, 0, 3), (1, 0, 1)]);
    }
}
