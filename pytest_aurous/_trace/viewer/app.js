console.log("viewer")
