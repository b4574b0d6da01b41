//! Finds places in a syntax tree: the key or value of a configuration, the properties that a function reads.

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::place::Part;

/// The position of a part of the call at that position. Where the script does not write the part there,
/// because a variable stands for it, the call itself is meant, which begins with its namespace.
pub(super) fn part(tree: &AST, call: Position, part: &Part) -> Option<Position> {
    if call.is_none() {
        return None;
    }
    let mut found = None;
    tree.walk(&mut |path| {
        if let Some(node) = path.last().and_then(call_at)
            && node.1 == call
        {
            found = inside(node.0, part).or_else(|| inside(node.0, &Part::Call));
            return false;
        }
        true
    });
    found
}

fn call_at<'a>(node: &ASTNode<'a>) -> Option<(&'a FnCallExpr, Position)> {
    match node {
        ASTNode::Expr(Expr::FnCall(call, position) | Expr::MethodCall(call, position)) => {
            Some((call, *position))
        }
        ASTNode::Stmt(Stmt::FnCall(call, position)) => Some((call, *position)),
        _ => None,
    }
}

fn inside(call: &FnCallExpr, part: &Part) -> Option<Position> {
    if let Part::Argument(index) = part {
        return call.args.get(*index).map(begin);
    }
    if *part == Part::Call {
        return (!call.namespace.is_empty()).then(|| call.namespace.position());
    }
    let map = call.args.last().filter(|argument| matches!(argument, Expr::Map(..)))?;
    match part {
        Part::Key(path) => {
            let (key, parents) = path.split_last()?;
            let parent = descend(map, parents);
            Some(key_position(parent, key).unwrap_or_else(|| begin(parent)))
        }
        Part::Value(path) | Part::Map(path) => Some(begin(descend(map, path))),
        Part::Call | Part::Argument(_) => None,
    }
}

fn key_position(map: &Expr, key: &str) -> Option<Position> {
    let Expr::Map(entries, _) = map else {
        return None;
    };
    entries.0.iter().find(|(ident, _)| ident.name == key).map(|(ident, _)| ident.pos)
}

/// Follows keys and indexes as far as the script writes them out.
fn descend<'a>(expr: &'a Expr, path: &[String]) -> &'a Expr {
    let Some((step, rest)) = path.split_first() else {
        return expr;
    };
    let next = match expr {
        Expr::Map(entries, _) => {
            entries.0.iter().find(|(ident, _)| ident.name == step).map(|(_, value)| value)
        }
        Expr::Array(items, _) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    };
    next.map_or(expr, |next| descend(next, rest))
}

/// Where an expression begins; the language's own answer is the operator for `a + b`.
fn begin(expr: &Expr) -> Position {
    match expr {
        Expr::FnCall(call, position) => begin_of_call(call, *position),
        Expr::Dot(sides, ..) | Expr::Index(sides, ..) => begin(&sides.lhs),
        Expr::And(sides, _) | Expr::Or(sides, _) | Expr::Coalesce(sides, _) => {
            sides.first().map_or(expr.position(), begin)
        }
        _ => expr.start_position(),
    }
}

fn begin_of_call(call: &FnCallExpr, position: Position) -> Position {
    match call.args.first() {
        Some(left) if call.op_token.is_some() && call.args.len() == 2 => begin(left),
        _ if !call.namespace.is_empty() => call.namespace.position(),
        _ => position,
    }
}

/// A variable and the properties that are read from it, as `day.load.ratio`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    pub root: String,
    pub properties: Vec<(String, Position)>,
}

impl Chain {
    /// The properties without the variable: `load.ratio`.
    pub(super) fn path(&self) -> String {
        let names: Vec<_> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        names.join(".")
    }
}

/// Every chain of properties in the tree, longest form only, functions included.
pub(super) fn chains(tree: &AST) -> Vec<Chain> {
    let mut chains = Vec::new();
    tree.walk(&mut |path| {
        if let Some(ASTNode::Expr(expr @ (Expr::Dot(..) | Expr::Index(..)))) = path.last() {
            let mut chain = Chain { root: String::new(), properties: Vec::new() };
            extend(&mut chain, expr);
            if !chain.root.is_empty() && !chain.properties.is_empty() {
                chains.push(chain);
            }
        }
        true
    });
    chains
}

/// Adds what the expression reads; answers whether the chain goes on after it.
fn extend(chain: &mut Chain, expr: &Expr) -> bool {
    match expr {
        Expr::Variable(variable, _, _) if chain.root.is_empty() && variable.2.is_empty() => {
            chain.root = variable.1.to_string();
            true
        }
        Expr::Property(property, position) if !chain.root.is_empty() => {
            chain.properties.push((property.2.to_string(), *position));
            true
        }
        Expr::Dot(sides, ..) => extend(chain, &sides.lhs) && extend(chain, &sides.rhs),
        // What an index leads to is known only when the script runs.
        Expr::Index(sides, ..) => {
            extend(chain, &sides.lhs);
            false
        }
        _ => false,
    }
}

/// The tree of one script function alone.
pub(super) fn function(tree: &AST, name: &str, parameters: Option<usize>) -> AST {
    let mut alone = tree.clone();
    alone.clear_statements();
    // `clone_functions_only_filtered` of Rhai 1.27 keeps every function: its target has none to compare with.
    alone.retain_functions(|_, _, function, count| {
        function == name && parameters.is_none_or(|parameters| parameters == count)
    });
    alone
}

/// Where the value stands that a function alone in its tree answers: its last statement.
pub(super) fn last_statement(tree: &AST) -> Option<Position> {
    let mut last = None;
    tree.walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            last = Some(match statement {
                Stmt::Expr(expr) => begin(expr),
                Stmt::FnCall(call, position) => begin_of_call(call, *position),
                statement => statement.position(),
            });
        }
        true
    });
    last
}

/// The elements of the array that a function alone in its tree answers.
pub(super) fn elements(tree: &AST) -> Vec<Position> {
    let mut elements = Vec::new();
    tree.walk(&mut |path| {
        if let [ASTNode::Stmt(_), ASTNode::Expr(Expr::Array(items, _))] = path {
            elements = items.iter().map(begin).collect();
        }
        true
    });
    elements
}

/// The first loop whose end is a condition, else the first over a range or an array.
pub(super) fn endless(tree: &AST) -> Option<Position> {
    let (mut conditional, mut counted) = (None, None);
    tree.walk(&mut |path| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::While(_, position) | Stmt::Do(_, _, position))) => {
                conditional = Some(*position);
            }
            Some(ASTNode::Stmt(Stmt::For(_, position))) => counted = counted.or(Some(*position)),
            _ => {}
        }
        conditional.is_none()
    });
    conditional.or(counted)
}

/// The first namespace or import in the tree, with what it says. `global` is the script itself.
pub(super) fn namespace(tree: &AST) -> Option<(String, Position)> {
    let mut found = None;
    tree.walk(&mut |path| {
        found = match path.last() {
            Some(ASTNode::Stmt(Stmt::Import(_, position))) => Some(("import".to_owned(), *position)),
            Some(ASTNode::Expr(Expr::Variable(variable, _, _))) => foreign(&variable.2, &variable.1),
            Some(node) => call_at(node).and_then(|(call, _)| foreign(&call.namespace, &call.name)),
            None => None,
        };
        found.is_none()
    });
    found
}

fn foreign(namespace: &rhai::Namespace, name: &str) -> Option<(String, Position)> {
    if namespace.is_empty() || namespace.root() == "global" {
        return None;
    }
    Some((format!("{namespace}::{name}"), namespace.position()))
}

/// The names of the variables that are read in the tree, functions included.
pub(super) fn variables(tree: &AST) -> Vec<String> {
    let mut names = Vec::new();
    tree.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::Variable(variable, _, _))) = path.last() {
            names.push(variable.1.to_string());
        }
        true
    });
    names
}

/// The names of the functions that are called in the tree.
pub(super) fn calls(tree: &AST) -> Vec<String> {
    let mut names = Vec::new();
    tree.walk(&mut |path| {
        if let Some((call, _)) = path.last().and_then(call_at) {
            names.push(call.name.to_string());
        }
        true
    });
    names
}
